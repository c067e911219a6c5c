/**
 * What the trader asks of the venue, over REST. An id is made before anything is sent, nothing is ever sent twice,
 * and a command without an answer is "unknown" until the server says what became of it.
 */
import { COMMAND_TIMEOUT_MS } from '@/config/runtime';
import type { Order, OrderBody, OrderPreview } from '@/generated/shapes';
import { get, send } from '@/lib/http';
import { NoAnswer, RequestProblem } from '@/lib/problem';
import { uuid7 } from '@/lib/uuid';
import type { PrivateAction, PrivateState } from '@/stream/private-reducer';

export type NewOrder = Omit<OrderBody, 'client_order_id'>;

export type CommandOutcome =
  | { kind: 'done'; order: Order }
  | { kind: 'refused'; problem: RequestProblem }
  | { kind: 'unknown'; clientOrderId: string };

export interface CommandDesk {
  submit: (body: NewOrder) => Promise<CommandOutcome>;
  preview: (body: NewOrder, signal: AbortSignal) => Promise<OrderPreview>;
  cancel: (order: Order) => Promise<CommandOutcome>;
  replace: (order: Order, change: { quantity?: string; price?: string }) => Promise<CommandOutcome>;
  cancelAll: (filter: { symbol?: string; side?: string }) => Promise<void>;
  flatten: (symbol: string) => Promise<void>;
}

export interface DeskOptions {
  sessionId: string;
  state: () => PrivateState;
  dispatch: (action: PrivateAction) => void;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
}

const ASK_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];

/** True when the failure leaves open whether the command was carried out. */
export function isUnknown(failure: unknown): boolean {
  if (failure instanceof NoAnswer) return true;
  return failure instanceof RequestProblem && (failure.outcome === 'unknown' || failure.status === 504 || failure.code === 'OUTCOME_UNKNOWN');
}

export function createDesk(options: DeskOptions): CommandDesk {
  const { sessionId, dispatch } = options;
  const base = `/sessions/${sessionId}`;
  const now = options.now ?? Date.now;
  const wait = options.wait ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));

  /** Ask by id until the answer is definite. 202 means that the server itself does not know yet. */
  async function reconcile(clientOrderId: string): Promise<Order | RequestProblem | null> {
    for (const delay of ASK_DELAYS_MS) {
      await wait(delay);
      if (options.state().idOf.has(clientOrderId)) {
        const id = options.state().idOf.get(clientOrderId) ?? '';
        const order = options.state().orders.get(id);
        if (order !== undefined) return order;
      }
      try {
        const answer = await send<Order>('GET', `${base}/orders/${encodeURIComponent(clientOrderId)}`, { timeoutMs: COMMAND_TIMEOUT_MS });
        if (answer.status !== 202) return answer.data;
      } catch (failure) {
        if (failure instanceof RequestProblem && failure.status === 404) return failure;
      }
    }
    return null;
  }

  async function submit(body: NewOrder): Promise<CommandOutcome> {
    const clientOrderId = uuid7(now());
    dispatch({
      type: 'local',
      order: {
        client_order_id: clientOrderId,
        symbol: body.symbol,
        side: body.side,
        type: body.type,
        time_in_force: body.time_in_force,
        quantity: body.quantity,
        price: body.price ?? null,
        state: 'sending',
        sentAt: now(),
      },
    });
    try {
      const { data } = await send<Order>('POST', `${base}/orders`, {
        body: { client_order_id: clientOrderId, ...body },
        timeoutMs: COMMAND_TIMEOUT_MS,
      });
      dispatch({ type: 'order', order: data });
      return { kind: 'done', order: data };
    } catch (failure) {
      if (isUnknown(failure)) {
        dispatch({ type: 'local-state', clientOrderId, state: 'unknown' });
        const found = await reconcile(clientOrderId);
        if (found instanceof RequestProblem) {
          dispatch({ type: 'local-drop', clientOrderId });
          return { kind: 'refused', problem: new RequestProblem(404, { code: 'NOT_PLACED', title: 'The order did not reach the venue.', detail: 'The order did not reach the venue. Nothing was bought or sold.' }, null) };
        }
        if (found === null) return { kind: 'unknown', clientOrderId };
        dispatch({ type: 'order', order: found });
        return { kind: 'done', order: found };
      }
      dispatch({ type: 'local-drop', clientOrderId });
      if (failure instanceof RequestProblem) return { kind: 'refused', problem: failure };
      throw failure;
    }
  }

  /** Amend and cancel share their honest answers; `ask` sends the command once. */
  async function change(order: Order, asked: 'cancel' | 'replace', newId: string, ask: () => Promise<Order>): Promise<CommandOutcome> {
    dispatch({ type: 'asked', orderId: order.order_id, asked });
    try {
      const data = await ask();
      dispatch({ type: 'order', order: data });
      dispatch({ type: 'asked', orderId: order.order_id, asked: null });
      return { kind: 'done', order: data };
    } catch (failure) {
      if (isUnknown(failure)) {
        dispatch({ type: 'asked', orderId: order.order_id, asked: 'unknown' });
        let found = await reconcile(newId);
        // A replace that never arrived leaves the order under its old id.
        if (found instanceof RequestProblem && newId !== order.client_order_id) found = await reconcile(order.client_order_id);
        if (found === null) return { kind: 'unknown', clientOrderId: order.client_order_id };
        dispatch({ type: 'asked', orderId: order.order_id, asked: null });
        if (found instanceof RequestProblem) return { kind: 'refused', problem: found };
        dispatch({ type: 'order', order: found });
        return { kind: 'done', order: found };
      }
      dispatch({ type: 'asked', orderId: order.order_id, asked: null });
      if (failure instanceof RequestProblem) return { kind: 'refused', problem: failure };
      throw failure;
    }
  }

  const path = (order: Order): string => `${base}/orders/${encodeURIComponent(order.client_order_id)}`;
  return {
    submit,
    preview: async (body, signal) =>
      (await send<OrderPreview>('POST', `${base}/orders/preview`, { body: { client_order_id: uuid7(now()), ...body }, signal, timeoutMs: 4_000 })).data,
    cancel: (order) =>
      change(order, 'cancel', order.client_order_id, async () =>
        (await send<Order>('DELETE', path(order), { headers: { 'Idempotency-Key': uuid7(now()) }, timeoutMs: COMMAND_TIMEOUT_MS })).data,
      ),
    replace: (order, fields) => {
      const newId = uuid7(now());
      return change(order, 'replace', newId, async () =>
        (await send<Order>('PATCH', path(order), { body: { client_order_id: newId, ...fields }, timeoutMs: COMMAND_TIMEOUT_MS })).data,
      );
    },
    cancelAll: async (filter) => {
      await send('DELETE', `${base}/orders`, { query: filter, headers: { 'Idempotency-Key': uuid7(now()) }, timeoutMs: 5_000 });
    },
    flatten: async (symbol) => {
      await send('POST', `${base}/positions/${encodeURIComponent(symbol)}/flatten`, {
        body: {},
        headers: { 'Idempotency-Key': uuid7(now()) },
        timeoutMs: 5_000,
      });
    },
  };
}

/** Every page of a list, newest first, up to `most` rows. */
export async function readAll<T>(path: string, query: Record<string, string | number | undefined>, most = 2_000): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await get<{ results: T[]; next: string | null } | T[]>(path, { ...query, cursor });
    if (Array.isArray(page)) return page;
    rows.push(...page.results);
    cursor = page.next === null ? undefined : cursorOf(page.next);
  } while (cursor !== undefined && rows.length < most);
  return rows;
}

/** `next` is a cursor, or an address that carries one. */
function cursorOf(next: string): string {
  const match = /[?&]cursor=([^&]+)/.exec(next);
  return match === null ? next : decodeURIComponent(match[1] ?? '');
}
