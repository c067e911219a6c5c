/** What the trader prefers, stored on the server, applied to the document at once. */
import { get, send } from '@/lib/http';
import { setNumberStyle } from '@/lib/decimal';

export const THEMES = ['dark', 'light', 'contrast', 'system'] as const;
export const PALETTES = ['green-red', 'blue-orange'] as const;
export const NUMBER_STYLES = ['en-US', 'de-DE', 'fr-FR', 'en-IN'] as const;

export interface Preferences {
  theme: (typeof THEMES)[number];
  palette: (typeof PALETTES)[number];
  number_format: (typeof NUMBER_STYLES)[number];
  sizes: string[];
}

function oneOf<T extends string>(values: readonly T[], value: unknown, otherwise: T): T {
  return values.find((each) => each === value) ?? otherwise;
}

/** What is stored as far as it makes sense; the default for each part that does not. */
export function readPreferences(stored: Record<string, unknown>): Preferences {
  const sizes = stored.sizes;
  const sound = Array.isArray(sizes) && sizes.length === 5 && sizes.every((size) => typeof size === 'string' && /^[1-9]\d*$/.test(size));
  return {
    theme: oneOf(THEMES, stored.theme, 'dark'),
    palette: oneOf(PALETTES, stored.palette, 'green-red'),
    number_format: oneOf(NUMBER_STYLES, stored.number_format, 'en-US'),
    sizes: sound ? (sizes as string[]) : ['10', '50', '100', '250', '500'],
  };
}

/** The server keeps unknown keys for other clients; this one reads its own. */
export async function loadPreferences(): Promise<{ mine: Preferences; all: Record<string, unknown> }> {
  const all = await get<Record<string, unknown>>('/me/preferences');
  return { mine: readPreferences(all), all };
}

export async function savePreferences(mine: Preferences, all: Record<string, unknown>): Promise<void> {
  await send('PUT', '/me/preferences', { body: { ...all, ...mine } });
}

export function applyPreferences(preferences: Preferences): void {
  const prefersLight = matchMedia('(prefers-color-scheme: light)').matches;
  const theme = preferences.theme === 'system' ? (prefersLight ? 'light' : 'dark') : preferences.theme;
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.palette = preferences.palette;
  setNumberStyle(preferences.number_format);
}
