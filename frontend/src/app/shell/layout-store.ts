/** The trader's workspace on the server: read once, written a moment after the last change. Never blocks trading. */
import type { IJsonModel } from 'flexlayout-react';
import type { components } from '@/generated/api';
import { get, send } from '@/lib/http';

type StoredLayout = components['schemas']['Layout'];

export const LAYOUT_NAME = 'Terminal';
/** The event that asks the docked workspace to go back to the arrangement that it came with. */
export const RESET_LAYOUT = 'tradesim:reset-layout';
const WRITE_AFTER_MS = 800;

let storedId: string | null = null;
let waiting: ReturnType<typeof setTimeout> | undefined;
let writing: Promise<void> = Promise.resolve();

/** The stored workspace, or null when there is none or the server does not say. */
export async function loadLayout(): Promise<IJsonModel | null> {
  try {
    const { results } = await get<components['schemas']['LayoutList']>('/me/layouts');
    const found = results.find((layout) => layout.name === LAYOUT_NAME);
    storedId = found?.id ?? null;
    return found === undefined ? null : (found.layout as unknown as IJsonModel);
  } catch {
    // A terminal without its own arrangement is still a terminal.
    return null;
  }
}

async function write(layout: IJsonModel): Promise<void> {
  const body = { name: LAYOUT_NAME, layout };
  try {
    if (storedId === null) storedId = (await send<StoredLayout>('POST', '/me/layouts', { body })).data.id;
    else await send('PUT', `/me/layouts/${storedId}`, { body });
  } catch {
    // The next change writes the whole arrangement again.
  }
}

/** Keep an arrangement soon; of several in a row only the last is written, one after the other. */
export function keepLayout(layout: IJsonModel): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    writing = writing.then(() => write(layout));
  }, WRITE_AFTER_MS);
}
