/**
 * The shapes of the REST contract that the terminal reads, in the names of the public API.
 * Replaced type by type by the schema's own (api.d.ts); all prices, quantities and amounts are decimal strings.
 */

export type Side = 'BUY' | 'SELL';
export type OrderType = 'MARKET' | 'LIMIT';
export type TimeInForce = 'DAY' | 'GTC' | 'IOC' | 'FOK';
export type OrderStatus =
  | 'PENDING_NEW'
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'PENDING_CANCEL'
  | 'PENDING_REPLACE'
  | 'CANCELED'
  | 'REPLACED'
  | 'EXPIRED'
  | 'REJECTED';

export interface User {
  id: string;
  email: string;
  display_name: string;
}

export interface TokenAnswer {
  access: string;
  access_expires_at: string;
  user?: User;
}

export interface ScenarioCard {
  slug: string;
  title?: string;
  name?: string;
  summary?: string;
  description?: string;
  difficulty?: string;
  regime?: string;
  symbols?: string[];
  instruments?: { symbol: string; name?: string }[];
}

export interface TradingDay {
  date: string;
  symbols: string[];
}

export interface SessionDetail {
  id: string;
  name: string;
  status: string;
  scenario: string;
  seed: number | string | null;
  epoch: number;
  engine_version?: string | null;
  phase?: string | null;
  sim_time: string | null;
  speed: number | string | null;
  paused?: boolean;
  link?: unknown;
  date?: string | null;
  created_at: string;
  ready_in_ms?: number | null;
  next_seq?: Partial<Record<'orders' | 'account' | 'session', number>>;
  progress_url?: string;
}

export interface Instrument {
  symbol: string;
  name: string;
  tick_size: string;
  lot_size: string;
  currency: string;
  min_quantity: string;
  max_quantity: string;
  shortable: boolean;
  phase: string | null;
  last_price: string | null;
  previous_close: string | null;
}

export interface Order {
  order_id: string;
  client_order_id: string;
  original_client_order_id?: string | null;
  symbol: string;
  side: Side;
  type: string;
  time_in_force: string;
  quantity: string;
  price: string | null;
  stop_price: string | null;
  status: OrderStatus;
  cum_quantity: string;
  leaves_quantity: string;
  average_price: string | null;
  reject_code: string | null;
  text: string | null;
  created_at?: string | null;
  updated_at?: string | null;
  sim_time: string | null;
  seq: number;
  quantity_ahead?: string | null;
}

export interface Execution extends Order {
  execution_id: string;
  execution_type: string;
  last_quantity: string | null;
  last_price: string | null;
  last_liquidity: string | null;
  fee: string | null;
}

export interface Position {
  symbol: string;
  quantity: string;
  average_price: string | null;
  mark_price?: string | null;
  unrealized_pnl?: string | null;
  realized_pnl: string | null;
  fees: string | null;
}

export interface Account {
  currency: string;
  cash: string;
  reserved: string;
  buying_power: string;
  equity?: string | null;
  realized_pnl: string | null;
  unrealized_pnl?: string | null;
  fees: string | null;
  state: string;
}

export interface Candle {
  time: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  trades: number;
}

export interface Trade {
  seq: number;
  sim_time: string;
  price: string;
  quantity: string;
  aggressor: string | null;
  condition: string | null;
}

export interface BrokenRule {
  code: string;
  text: string;
}

export interface OrderPreview {
  average_fill_price: string | null;
  worst_price: string | null;
  fill_quantity: string | null;
  resting_quantity: string | null;
  quantity_ahead: string | null;
  notional: string | null;
  estimated_fee: string | null;
  estimated_cost: string | null;
  resulting_position: string | null;
  buying_power: string | null;
  buying_power_after: string | null;
  accepted: boolean;
  broken_rules: BrokenRule[];
}

export interface OrderBody {
  client_order_id: string;
  symbol: string;
  side: Side;
  type: OrderType;
  quantity: string;
  price?: string;
  time_in_force: TimeInForce;
}

export interface ProgressStep {
  step: string;
  message: string;
  percent: number | null;
  elapsed_ms: number | null;
  queue_position: number | null;
  ready: boolean;
  failed: boolean | string | null;
}

export interface Page<T> {
  results: T[];
  next: string | null;
}
