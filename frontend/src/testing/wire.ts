/** Builders of wire facts for tests: complete by default, each field may be set. */
import type { Account, Execution, Instrument, Order } from '@/generated/shapes';

let counter = 0;

export function anOrder(change: Partial<Order> = {}): Order {
  counter += 1;
  return {
    order_id: `order-${counter}`,
    client_order_id: `client-${counter}`,
    symbol: 'ACME',
    side: 'BUY',
    type: 'LIMIT',
    time_in_force: 'DAY',
    quantity: '100',
    price: '150.00',
    stop_price: null,
    status: 'NEW',
    cum_quantity: '0',
    leaves_quantity: '100',
    average_price: null,
    reject_code: null,
    text: '',
    sim_time: '2026-03-02T14:30:00.000000Z',
    seq: counter,
    ...change,
  };
}

export function anExecution(change: Partial<Execution> = {}): Execution {
  return {
    ...anOrder(change),
    execution_id: `execution-${counter}`,
    execution_type: 'NEW',
    last_quantity: null,
    last_price: null,
    last_liquidity: null,
    fee: null,
    ...change,
  };
}

export const ACME: Instrument = {
  symbol: 'ACME', name: 'Acme Tools', tick_size: '0.01', lot_size: '1', currency: 'USD', min_quantity: '1',
  max_quantity: '100000', shortable: false, phase: 'CONTINUOUS', last_price: '150.00', previous_close: '149.00',
};

export const ACCOUNT: Account = {
  currency: 'USD', cash: '100000.00', reserved: '0.00', buying_power: '100000.00', realized_pnl: '0.00', fees: '0.00', state: 'ACTIVE',
};
