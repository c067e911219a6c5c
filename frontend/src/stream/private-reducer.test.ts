import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '@/lib/decimal';
import { EMPTY, reduce, workingOrders, type PrivateState } from '@/stream/private-reducer';
import { unrealized, value } from '@/stream/valuation';
import { ACCOUNT, anExecution, anOrder } from '@/testing/wire';

const story = [
  anExecution({ order_id: 'o', client_order_id: 'a', seq: 1, execution_id: 'e1', execution_type: 'NEW' }),
  anExecution({ order_id: 'o', client_order_id: 'a', seq: 2, execution_id: 'e2', execution_type: 'TRADE', status: 'PARTIALLY_FILLED', cum_quantity: '40', leaves_quantity: '60', last_quantity: '40', last_price: '150.00' }),
  anExecution({ order_id: 'o', client_order_id: 'b', original_client_order_id: 'a', seq: 3, execution_id: 'e3', execution_type: 'REPLACED', status: 'PARTIALLY_FILLED', quantity: '90', cum_quantity: '40', leaves_quantity: '50' }),
  anExecution({ order_id: 'o', client_order_id: 'b', seq: 4, execution_id: 'e4', execution_type: 'TRADE', status: 'FILLED', cum_quantity: '90', leaves_quantity: '0', last_quantity: '50', last_price: '150.01' }),
];
const told = (state: PrivateState, index: number): PrivateState => {
  const execution = story[index];
  if (execution === undefined) return state;
  return reduce(state, { type: 'execution', execution, report: execution.execution_type === 'TRADE' ? 'order.filled' : 'order.other' });
};
const end = story.reduce((state, _, index) => told(state, index), EMPTY);

describe('private facts', () => {
  it('follow an order through partial fill, replace and fill', () => {
    expect(end.orders.get('o')?.status).toBe('FILLED');
    expect(end.fills.map((fill) => fill.last_quantity)).toEqual(['50', '40']);
    expect(end.idOf.get('a')).toBe('o');
    expect(workingOrders(end)).toEqual([]);
  });

  it('come to the same end however often and in whatever order they are repeated', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 20 }), (repeats) => {
        let state = EMPTY;
        for (const index of [...repeats, 0, 1, 2, 3]) state = told(state, index);
        expect(state.orders.get('o')).toMatchObject({ status: 'FILLED', cum_quantity: '90', seq: 4 });
        expect(state.fills).toHaveLength(2);
      }),
    );
  });

  it('drop the local row once the venue knows the order', () => {
    const sent = reduce(EMPTY, { type: 'local', order: { client_order_id: 'a', symbol: 'ACME', side: 'BUY', type: 'LIMIT', time_in_force: 'DAY', quantity: '100', price: '150.00', state: 'sending', sentAt: 0 } });
    expect(sent.locals.size).toBe(1);
    expect(told(sent, 0).locals.size).toBe(0);
    // A late "sending" never brings it back.
    const again = reduce(told(sent, 0), { type: 'local', order: { client_order_id: 'a', symbol: 'ACME', side: 'BUY', type: 'LIMIT', time_in_force: 'DAY', quantity: '100', price: '150.00', state: 'sending', sentAt: 0 } });
    expect(again.locals.size).toBe(0);
  });

  it('keep a cancel asked while only a partial fill came', () => {
    const asked = reduce(told(EMPTY, 0), { type: 'asked', orderId: 'o', asked: 'cancel' });
    expect(told(asked, 1).asked.get('o')).toBe('cancel');
    expect(reduce(asked, { type: 'execution', execution: anExecution({ order_id: 'o', client_order_id: 'a', seq: 9, status: 'CANCELED', execution_type: 'CANCELED' }), report: 'order.canceled' }).asked.size).toBe(0);
  });

  it('load over REST without losing what the stream said first', () => {
    const state = reduce(end, { type: 'loaded', orders: [anOrder({ order_id: 'o', client_order_id: 'a', seq: 2, status: 'PARTIALLY_FILLED' })], executions: story, positions: [], account: ACCOUNT });
    expect(state.orders.get('o')?.status).toBe('FILLED');
    expect(state.fills).toHaveLength(2);
  });
});

describe('valuation', () => {
  const marks = (price: string | null) => () => (price === null ? null : new Decimal(price));
  it('is right to the cent', () => {
    const position = { symbol: 'ACME', quantity: '3', average_price: '0.10', realized_pnl: '0', fees: '0' };
    expect(unrealized(position, new Decimal('0.30'))?.toString()).toBe('0.6');
    expect(value({ ...ACCOUNT, cash: '99999.70' }, [position], marks('0.30')).equity?.toFixed(2)).toBe('100000.60');
  });
  it('is unknown rather than wrong without a mark', () => {
    const position = { symbol: 'ACME', quantity: '-3', average_price: '10', realized_pnl: '0', fees: '0' };
    expect(value(ACCOUNT, [position], marks(null)).equity).toBeNull();
    expect(unrealized(position, new Decimal('9.5'))?.toFixed(2)).toBe('1.50');
  });
});
