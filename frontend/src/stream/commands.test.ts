// @vitest-environment jsdom
import { http, HttpResponse, delay } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { useTokenSource } from '@/lib/http';
import { createDesk } from '@/stream/commands';
import { EMPTY, reduce, type PrivateState } from '@/stream/private-reducer';
import { anOrder } from '@/testing/wire';

const server = setupServer();
const BASE = `${location.origin}/api/v1/sessions/s`;
const BODY = { symbol: 'ACME', side: 'BUY', type: 'LIMIT', quantity: '100', price: '150.00', time_in_force: 'DAY' } as const;

beforeAll(() => {
  // The fetch of tests wants whole addresses.
  const plain = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => plain(new URL(input, location.origin).href, init));
  useTokenSource({ current: () => 'token', renew: () => Promise.resolve('token') });
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function desk() {
  let state: PrivateState = EMPTY;
  const seen: PrivateState[] = [];
  const made = createDesk({
    sessionId: 's',
    state: () => state,
    dispatch: (action) => {
      state = reduce(state, action);
      seen.push(state);
    },
    wait: () => Promise.resolve(),
  });
  return { made, state: () => state, seen };
}

describe('commands', () => {
  it('shows an order before it is sent and drops the hollow row with the answer', async () => {
    const { made, state, seen } = desk();
    server.use(http.post(`${BASE}/orders`, async ({ request }) => {
      const body = (await request.json()) as { client_order_id: string };
      return HttpResponse.json(anOrder({ client_order_id: body.client_order_id }), { status: 201 });
    }));
    expect((await made.submit(BODY)).kind).toBe('done');
    expect(seen[0]?.locals.size).toBe(1);
    expect(state().locals.size).toBe(0);
    expect(state().orders.size).toBe(1);
  });

  it('sends once, asks by id when no answer came, and finds the order', async () => {
    const { made, state, seen } = desk();
    const posted: string[] = [];
    let asked = 0;
    server.use(
      http.post(`${BASE}/orders`, async ({ request }) => {
        posted.push(((await request.json()) as { client_order_id: string }).client_order_id);
        return HttpResponse.error();
      }),
      http.get(`${BASE}/orders/:id`, ({ params }) => {
        asked += 1;
        if (asked < 3) return HttpResponse.json({ status: 'pending' }, { status: 202 });
        return HttpResponse.json(anOrder({ client_order_id: String(params.id) }));
      }),
    );
    const outcome = await made.submit(BODY);
    expect(outcome.kind).toBe('done');
    expect(posted).toHaveLength(1);
    expect(seen.some((each) => [...each.locals.values()].some((local) => local.state === 'unknown'))).toBe(true);
    expect(state().locals.size).toBe(0);
  });

  it('says that nothing was placed when the id is unknown to the server', async () => {
    const { made, state } = desk();
    server.use(
      http.post(`${BASE}/orders`, () => HttpResponse.json({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' }, { status: 504 })),
      http.get(`${BASE}/orders/:id`, () => HttpResponse.json({ code: 'NOT_FOUND' }, { status: 404 })),
    );
    const outcome = await made.submit(BODY);
    expect(outcome).toMatchObject({ kind: 'refused', problem: { code: 'NOT_PLACED' } });
    expect(state().locals.size).toBe(0);
  });

  it('keeps the row as unknown when the server never says', async () => {
    const { made, state } = desk();
    server.use(
      http.post(`${BASE}/orders`, () => HttpResponse.error()),
      http.get(`${BASE}/orders/:id`, () => HttpResponse.json({}, { status: 202 })),
    );
    expect((await made.submit(BODY)).kind).toBe('unknown');
    expect([...state().locals.values()][0]?.state).toBe('unknown');
  });

  it('hands a refusal on with its code and words', async () => {
    const { made } = desk();
    server.use(http.post(`${BASE}/orders`, () => HttpResponse.json({ code: 'INSUFFICIENT_BUYING_POWER', title: 'No', detail: 'needs 12 340.00, has 9 800.00', outcome: 'none' }, { status: 422 })));
    expect(await made.submit(BODY)).toMatchObject({ kind: 'refused', problem: { code: 'INSUFFICIENT_BUYING_POWER', detail: 'needs 12 340.00, has 9 800.00' } });
  });

  it('marks a cancel while it is asked', async () => {
    const { made, state, seen } = desk();
    const order = anOrder();
    server.use(http.delete(`${BASE}/orders/:id`, async () => {
      await delay(1);
      return HttpResponse.json({ ...order, status: 'CANCELED', seq: order.seq + 1 });
    }));
    expect((await made.cancel(order)).kind).toBe('done');
    expect(seen[0]?.asked.get(order.order_id)).toBe('cancel');
    expect(state().asked.size).toBe(0);
  });
});
