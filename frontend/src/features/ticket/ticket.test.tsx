// @vitest-environment jsdom
import '@/testing/setup';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { useTokenSource } from '@/lib/http';
import { SessionProvider } from '@/stream/context';
import { NO_LINK, TradingSession } from '@/stream/session';
import { ACME, anOrder } from '@/testing/wire';
import { Ticket } from '@/features/ticket/ticket';

const BASE = `${location.origin}/api/v1/sessions/s`;
const PREVIEW = { average_fill_price: null, worst_price: null, fill_quantity: '0', resting_quantity: '100', quantity_ahead: '1200', notional: '14999.00', estimated_fee: '0.75', estimated_cost: '14999.75', resulting_position: '100', buying_power: '100000.00', buying_power_after: '85000.25', accepted: true, broken_rules: [] };
let sent: Record<string, unknown>[] = [];
const server = setupServer(
  http.post(`${BASE}/orders/preview`, () => HttpResponse.json(PREVIEW)),
  http.post(`${BASE}/orders`, async ({ request }) => {
    const body = (await request.json()) as Record<string, string>;
    sent.push(body);
    return HttpResponse.json(anOrder({ ...body, client_order_id: body.client_order_id ?? '' }), { status: 201 });
  }),
);

let session: TradingSession;
beforeAll(() => {
  const plain = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => plain(new URL(input, location.origin).href, init));
  useTokenSource({ current: () => 'token', renew: () => Promise.resolve('token') });
  server.listen({ onUnhandledRequest: 'error' });
});
afterAll(() => server.close());
beforeEach(() => {
  sent = [];
  session = new TradingSession('s');
  session.market.load([ACME]);
  session.market.applyQuote({ symbol: 'ACME', bid: '149.99', bid_quantity: '100', ask: '150.01', ask_quantity: '100', last: '150.00' });
  session.desk.getState().select('ACME');
  session.link.setState({ ...NO_LINK, state: 'live', transport: 'ws' });
});
afterEach(() => {
  server.resetHandlers();
  session.close();
});

function show() {
  render(<SessionProvider session={session}><Ticket /></SessionProvider>);
  return userEvent.setup();
}

describe('order ticket', () => {
  it('starts at the price it would join and shows what the server foresees', async () => {
    show();
    expect(await screen.findByLabelText(/Limit price/)).toHaveProperty('value', '149.99');
    await waitFor(() => expect(screen.getByTestId('preview').textContent).toContain('14,999.75'));
    expect(screen.getByTestId('preview').textContent).toContain('100 behind 1,200');
  });

  it('sends exactly what it shows, once', async () => {
    const user = show();
    await user.click(screen.getByRole('button', { name: /^Buy 100 ACME/ }));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({ symbol: 'ACME', side: 'BUY', type: 'LIMIT', quantity: '100', price: '149.99', time_in_force: 'DAY' });
    expect(String(sent[0]?.client_order_id)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses an off-tick price before it is sent', async () => {
    const user = show();
    const price = await screen.findByLabelText(/Limit price/);
    await user.clear(price);
    await user.type(price, '150.005');
    expect(screen.getByText('A multiple of 0.01.')).toBeTruthy();
    expect(screen.getByRole('button', { name: /^Buy/ })).toHaveProperty('disabled', true);
  });

  it('moves the price by ticks with the arrow keys', async () => {
    const user = show();
    const price = await screen.findByLabelText(/Limit price/);
    await user.click(price);
    await user.keyboard('{ArrowUp}{Shift>}{ArrowDown}{/Shift}');
    expect(price).toHaveProperty('value', '149.90');
  });

  it('says why the venue refused', async () => {
    server.use(http.post(`${BASE}/orders`, () => HttpResponse.json({ code: 'INSUFFICIENT_BUYING_POWER', detail: 'needs 14 999.75, has 10.00', outcome: 'none' }, { status: 422 })));
    const user = show();
    await user.click(screen.getByRole('button', { name: /^Buy 100 ACME/ }));
    await waitFor(() => expect(screen.getByTestId('preview').textContent).toContain('needs 14 999.75, has 10.00'));
  });

  it('asks twice on a degraded line and blocks on a stale one', async () => {
    const user = show();
    act(() => session.link.setState({ state: 'degraded' }));
    await user.click(screen.getByRole('button', { name: /^Buy 100 ACME/ }));
    expect(sent).toHaveLength(0);
    await user.click(screen.getByRole('button', { name: /press again/ }));
    await waitFor(() => expect(sent).toHaveLength(1));
    act(() => session.link.setState({ state: 'stale' }));
    expect(screen.getByRole('button', { name: /Waiting for the connection/ })).toHaveProperty('disabled', true);
  });

  it('forgets the price when the symbol changes', async () => {
    show();
    await screen.findByLabelText(/Limit price/);
    act(() => {
      session.market.load([ACME, { ...ACME, symbol: 'HELX' }]);
      session.market.applyQuote({ symbol: 'HELX', bid: '10.00', bid_quantity: '1', ask: '10.02', ask_quantity: '1', last: '10.01' });
      session.desk.getState().select('HELX');
    });
    await waitFor(() => expect(screen.getByLabelText(/Limit price/)).toHaveProperty('value', '10.00'));
  });
});
