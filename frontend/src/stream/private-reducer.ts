/**
 * Orders, fills, positions and account as a pure reducer. A fact is applied once however often it is delivered, and
 * an older report never overwrites a newer one.
 */
import type { Account, Execution, Order, Position } from '@/generated/shapes';

export type LocalState = 'sending' | 'unknown';

/** An order this terminal sent and nobody has confirmed yet. */
export interface LocalOrder {
  client_order_id: string;
  symbol: string;
  side: 'BUY' | 'SELL';
  type: string;
  time_in_force: string;
  quantity: string;
  price: string | null;
  state: LocalState;
  sentAt: number;
}

export type Asked = 'cancel' | 'replace' | 'unknown';

export interface PrivateState {
  orders: ReadonlyMap<string, Order>;
  /** The venue's order id of every id an order has borne. */
  idOf: ReadonlyMap<string, string>;
  locals: ReadonlyMap<string, LocalOrder>;
  /** What was asked of an order and not answered yet, by order id. */
  asked: ReadonlyMap<string, Asked>;
  fills: readonly Execution[];
  positions: ReadonlyMap<string, Position>;
  account: Account | null;
  queueAhead: ReadonlyMap<string, string>;
  loaded: boolean;
}

export const EMPTY: PrivateState = {
  orders: new Map(),
  idOf: new Map(),
  locals: new Map(),
  asked: new Map(),
  fills: [],
  positions: new Map(),
  account: null,
  queueAhead: new Map(),
  loaded: false,
};

export type PrivateAction =
  | { type: 'loaded'; orders: Order[]; executions: Execution[]; positions: Position[]; account: Account }
  | { type: 'execution'; execution: Execution; report: string }
  | { type: 'order'; order: Order }
  | { type: 'account'; account: Account }
  | { type: 'position'; position: Position }
  | { type: 'queue'; orders: Record<string, { quantity_ahead: string | null }> }
  | { type: 'local'; order: LocalOrder }
  | { type: 'local-state'; clientOrderId: string; state: LocalState }
  | { type: 'local-drop'; clientOrderId: string }
  | { type: 'asked'; orderId: string; asked: Asked | null };

const LIVE = new Set(['PENDING_NEW', 'NEW', 'PARTIALLY_FILLED', 'PENDING_CANCEL', 'PENDING_REPLACE']);

export function isLive(order: Pick<Order, 'status'>): boolean {
  return LIVE.has(order.status);
}

function patch<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  if (value === undefined && !map.has(key)) return map;
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** Merge one order; an older `seq` changes nothing but is remembered as an id. */
function withOrder(state: PrivateState, order: Order): PrivateState {
  // Durable but not yet named by the venue: it stays a local row until its first report.
  if ((order.order_id as string | null) === null) return state;
  const known = state.orders.get(order.order_id);
  const idOf = new Map(state.idOf).set(order.client_order_id, order.order_id);
  if (order.original_client_order_id) idOf.set(order.original_client_order_id, order.order_id);
  const locals = patch(state.locals, order.client_order_id, undefined);
  if (known !== undefined && known.seq > order.seq) return { ...state, idOf, locals };
  const merged: Order = { ...known, ...order, created_at: order.created_at ?? known?.created_at };
  const orders = new Map(state.orders).set(order.order_id, merged);
  const queueAhead = isLive(merged) ? state.queueAhead : patch(state.queueAhead, merged.client_order_id, undefined);
  return { ...state, orders, idOf, locals, queueAhead };
}

function withFill(state: PrivateState, execution: Execution): PrivateState {
  if (execution.execution_type !== 'TRADE') return state;
  if (state.fills.some((fill) => fill.execution_id === execution.execution_id)) return state;
  const fills = [...state.fills, execution].sort((a, b) => b.seq - a.seq);
  return { ...state, fills };
}

export function reduce(state: PrivateState, action: PrivateAction): PrivateState {
  switch (action.type) {
    case 'loaded': {
      let next: PrivateState = {
        ...state,
        positions: new Map(action.positions.map((position) => [position.symbol, position])),
        account: action.account,
        loaded: true,
      };
      for (const order of action.orders) next = withOrder(next, order);
      for (const execution of action.executions) next = withFill(next, execution);
      return next;
    }
    case 'execution': {
      const { execution } = action;
      let next = withFill(withOrder(state, execution), execution);
      // Any report on an order answers what was asked of it, except a fill that came before the answer.
      if (action.report !== 'order.filled' || !isLive(execution)) {
        next = { ...next, asked: patch(next.asked, execution.order_id, undefined) };
      }
      return next;
    }
    case 'order':
      return withOrder(state, action.order);
    case 'account':
      return { ...state, account: { ...state.account, ...action.account } };
    case 'position':
      return { ...state, positions: patch(state.positions, action.position.symbol, action.position) };
    case 'queue': {
      const queueAhead = new Map(state.queueAhead);
      for (const [id, place] of Object.entries(action.orders)) {
        if (place.quantity_ahead === null) queueAhead.delete(id);
        else queueAhead.set(id, place.quantity_ahead);
      }
      return { ...state, queueAhead };
    }
    case 'local':
      return state.idOf.has(action.order.client_order_id)
        ? state
        : { ...state, locals: patch(state.locals, action.order.client_order_id, action.order) };
    case 'local-state': {
      const local = state.locals.get(action.clientOrderId);
      return local === undefined
        ? state
        : { ...state, locals: patch(state.locals, action.clientOrderId, { ...local, state: action.state }) };
    }
    case 'local-drop':
      return { ...state, locals: patch(state.locals, action.clientOrderId, undefined) };
    case 'asked':
      return { ...state, asked: patch(state.asked, action.orderId, action.asked ?? undefined) };
  }
}

/** Orders that can still trade, newest first. */
export function workingOrders(state: PrivateState): Order[] {
  return [...state.orders.values()].filter(isLive).sort((a, b) => b.seq - a.seq);
}
