/** What every unit test stands on: unmount after each, and the browser pieces that jsdom leaves out. */
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

afterEach(cleanup);

// jsdom has neither, whatever the types say.
const browser = globalThis as { matchMedia?: unknown; ResizeObserver?: unknown };

browser.matchMedia ??= (query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  dispatchEvent: () => false,
});

browser.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
