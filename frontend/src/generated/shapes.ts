/**
 * Short names for the schema's shapes (api.d.ts, generated). What a stream frame leaves out of a REST answer is
 * optional here, because both end in the same store. All prices, quantities and amounts are decimal strings.
 */
import type { components } from '@/generated/api';

type Schemas = components['schemas'];
/** `T` with the named fields optional. */
type Loose<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

export type User = Loose<Schemas['User'], 'role' | 'created_at'>;
export type TokenAnswer = Schemas['LoginAnswer'];
export type ScenarioCard = Schemas['Scenario'];
export type TradingDay = Schemas['PlayableDay'];
export type SessionCard = Schemas['Session'];
export type SessionDetail = Schemas['SessionDetail'];
export type Instrument = Schemas['Instrument'];
export type Position = Loose<Schemas['Position'], 'mark_price' | 'unrealized_pnl' | 'cost' | 'sim_time' | 'seq' | 'updated_at'>;
export type Account = Loose<Schemas['Account'], 'equity' | 'unrealized_pnl' | 'sim_time' | 'seq' | 'updated_at'>;
export type Candle = Schemas['Candle'];
export type Trade = Schemas['Trade'];
export type BrokenRule = Schemas['BrokenRule'];
export type OrderPreview = Schemas['Preview'];

type Known = { order_id: string };
type SeldomSaid = 'original_client_order_id' | 'display_quantity' | 'post_only' | 'reduce_only' | 'working' | 'quantity_ahead';

/** An order that the venue has named. */
export type Order = Loose<Omit<Schemas['Order'], 'order_id'>, SeldomSaid | 'created_at' | 'updated_at'> & Known;
export type Execution = Loose<Omit<Schemas['Execution'], 'order_id'>, SeldomSaid | 'event_type' | 'at' | 'caused_by_request'> & Known;
export type OrderStatus = Order['status'];
export type Side = Order['side'];
/** The kinds that this terminal's ticket offers. */
export type OrderType = Extract<Order['type'], 'MARKET' | 'LIMIT'>;
export type TimeInForce = Extract<Order['time_in_force'], 'DAY' | 'GTC' | 'IOC' | 'FOK'>;

type OrderRequest = Schemas['OrderRequestRequest'];
export type OrderBody = Pick<OrderRequest, 'client_order_id' | 'symbol' | 'quantity'> & {
  side: Side;
  type: OrderType;
  price?: string;
  time_in_force: TimeInForce;
};

/** One event of a session's start. It comes by server-sent events, which the schema does not describe. */
export interface ProgressStep {
  step: string;
  message: string;
  percent: number | null;
  elapsed_ms: number | null;
  queue_position: number | null;
  ready: boolean;
  failed: boolean | string | null;
}
