/**
 * Every frame of the stream, once, as zod schemas. Checked in development and in tests; never part of the built
 * terminal, which trusts its own server.
 */
import { z } from 'zod';
import { MalformedFrame } from '@/stream/protocol';

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);
const level = z.tuple([decimal, decimal, z.coerce.number()]).or(z.tuple([decimal, decimal]));

export const bookSnapshot = z.object({
  symbol: z.string(),
  seq: z.number(),
  sim_time: z.string().optional(),
  bids: z.array(level),
  asks: z.array(level),
  checksum: z.number().optional(),
});

export const bookDelta = bookSnapshot.extend({ prev_seq: z.number() });

export const quote = z.object({
  symbol: z.string(),
  bid: decimal.nullable(),
  bid_quantity: decimal.nullable(),
  ask: decimal.nullable(),
  ask_quantity: decimal.nullable(),
  last: decimal.nullable(),
  change: decimal.nullish(),
  volume: decimal.nullish(),
  previous_close: decimal.nullish(),
});

export const trade = z.object({
  seq: z.number(),
  sim_time: z.string(),
  price: decimal,
  quantity: decimal,
  aggressor: z.string().nullable(),
  condition: z.string().nullish(),
});

export const trades = z.object({ trades: z.array(trade) });

export const candle = z.object({
  time: z.string(),
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  trades: z.number(),
});

export const execution = z.looseObject({
  order_id: z.coerce.string(),
  client_order_id: z.string(),
  symbol: z.string(),
  side: z.enum(['BUY', 'SELL']),
  type: z.string(),
  time_in_force: z.string(),
  quantity: decimal,
  price: decimal.nullable(),
  status: z.string().nullable(),
  cum_quantity: decimal,
  leaves_quantity: decimal,
  execution_type: z.string(),
});

export const account = z.looseObject({
  currency: z.string(),
  cash: decimal,
  reserved: decimal,
  buying_power: decimal,
});

export const position = z.looseObject({ symbol: z.string(), quantity: decimal });

export const queueUpdate = z.object({
  orders: z.record(z.string(), z.object({ quantity_ahead: decimal.nullable() })),
});

export const heartbeat = z.looseObject({
  server_time: z.string().optional(),
  next_seq: z.record(z.string(), z.number()).optional(),
});

export const frame = z.looseObject({
  stream: z.string().nullish(),
  seq: z.number().nullish(),
  type: z.string(),
  sim_time: z.string().nullish(),
  wall_time: z.string().nullish(),
  epoch: z.number().nullish(),
  poss_dup: z.boolean().optional(),
  data: z.unknown(),
});

export type Frame = z.infer<typeof frame>;
export type WireLevel = z.infer<typeof level>;
export type BookSnapshot = z.infer<typeof bookSnapshot>;
export type BookDelta = z.infer<typeof bookDelta>;
export type Quote = z.infer<typeof quote>;
export type TradePrint = z.infer<typeof trade>;
export type CandleBar = z.infer<typeof candle>;
export type QueueUpdate = z.infer<typeof queueUpdate>;
export type Heartbeat = z.infer<typeof heartbeat>;

const DATA: Record<string, z.ZodType> = {
  'book.snapshot': bookSnapshot,
  'book.delta': bookDelta,
  quote,
  trade: trades,
  candle,
  'account.updated': account,
  'position.updated': position,
  'queue.updated': queueUpdate,
  heartbeat,
};

/** Throws MalformedFrame, saying where, when a frame is not as agreed. */
export function checkFrame(item: unknown): void {
  const outer = frame.safeParse(item);
  if (!outer.success) throw new MalformedFrame(outer.error.message);
  const type = outer.data.type;
  const schema = DATA[type] ?? (type.startsWith('order.') ? execution : undefined);
  if (schema === undefined) return;
  const inner = schema.safeParse(outer.data.data);
  if (!inner.success) throw new MalformedFrame(`${type}: ${inner.error.message}`);
}
