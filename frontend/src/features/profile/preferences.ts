/** What the trader prefers, stored on the server, applied to the document at once. */
import { z } from 'zod';
import { get, send } from '@/lib/http';
import { setNumberStyle } from '@/lib/decimal';

export const preferencesShape = z.object({
  theme: z.enum(['dark', 'light', 'contrast', 'system']).catch('dark'),
  palette: z.enum(['green-red', 'blue-orange']).catch('green-red'),
  number_format: z.enum(['en-US', 'de-DE', 'fr-FR', 'en-IN']).catch('en-US'),
  sizes: z.array(z.string().regex(/^\d+$/)).length(5).catch(['10', '50', '100', '250', '500']),
});

export type Preferences = z.infer<typeof preferencesShape>;
export const DEFAULTS: Preferences = preferencesShape.parse({});

/** The server keeps unknown keys for other clients; this one reads its own. */
export async function loadPreferences(): Promise<{ mine: Preferences; all: Record<string, unknown> }> {
  const answer = await get<Record<string, unknown>>('/me/preferences');
  const inner = typeof answer.preferences === 'object' && answer.preferences !== null ? (answer.preferences as Record<string, unknown>) : answer;
  return { mine: preferencesShape.parse(inner), all: answer };
}

export async function savePreferences(mine: Preferences, all: Record<string, unknown>): Promise<void> {
  const nested = typeof all.preferences === 'object' && all.preferences !== null;
  const body = nested ? { ...all, preferences: { ...(all.preferences as object), ...mine } } : { ...all, ...mine };
  await send('PUT', '/me/preferences', { body });
}

export function applyPreferences(preferences: Preferences): void {
  const prefersLight = matchMedia('(prefers-color-scheme: light)').matches;
  const theme = preferences.theme === 'system' ? (prefersLight ? 'light' : 'dark') : preferences.theme;
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.palette = preferences.palette;
  setNumberStyle(preferences.number_format);
}
