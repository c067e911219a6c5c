import type { IJsonModel } from 'flexlayout-react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const layout = (weight: number): IJsonModel => ({ layout: { type: 'row', weight, children: [] } });

interface Sent { method: string; path: string; body: { name: string; layout: IJsonModel } | undefined }

describe('the workspace on the server', () => {
  let sent: Sent[];
  let stored: { id: string; name: string; layout: IJsonModel }[];
  let broken: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.resetModules();
    [sent, stored, broken] = [[], [], false];
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      if (broken) return Promise.reject(new TypeError('no network'));
      const method = init.method ?? 'GET';
      const body = init.body === undefined ? undefined : (JSON.parse(init.body as string) as Sent['body']);
      sent.push({ method, path: new URL(url, 'http://x').pathname, body });
      const answer = method === 'GET' ? { results: stored, next: null } : { id: 'one', ...body };
      return Promise.resolve(new Response(JSON.stringify(answer), { status: method === 'POST' ? 201 : 200 }));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('writes only the last of several changes, first as new and then in place', async () => {
    const { keepLayout, loadLayout } = await import('@/app/shell/layout-store');
    expect(await loadLayout()).toBeNull();
    keepLayout(layout(1));
    keepLayout(layout(2));
    await vi.advanceTimersByTimeAsync(2_000);
    keepLayout(layout(3));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent.slice(1).map(({ method, path, body }) => [method, path, body?.layout])).toEqual([
      ['POST', '/api/v1/me/layouts', layout(2)],
      ['PUT', '/api/v1/me/layouts/one', layout(3)],
    ]);
  });

  it('gives back what was kept', async () => {
    stored = [{ id: 'a', name: 'Another', layout: layout(8) }, { id: 'b', name: 'Terminal', layout: layout(9) }];
    const { loadLayout } = await import('@/app/shell/layout-store');
    expect(await loadLayout()).toEqual(layout(9));
  });

  it('leaves the terminal alone when the server is away', async () => {
    const { keepLayout, loadLayout } = await import('@/app/shell/layout-store');
    broken = true;
    expect(await loadLayout()).toBeNull();
    keepLayout(layout(1));
    await vi.advanceTimersByTimeAsync(2_000);
    broken = false;
    keepLayout(layout(2));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent.map(({ method, body }) => [method, body?.layout])).toEqual([['POST', layout(2)]]);
  });
});
