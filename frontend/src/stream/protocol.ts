/** Reading the stream's messages, and which streams are private. The shapes come from schemas.ts, as types alone. */
export type { Frame, WireLevel, BookSnapshot, BookDelta, Quote, TradePrint, CandleBar, QueueUpdate, Heartbeat } from '@/stream/schemas';
import type { Frame } from '@/stream/schemas';

export class MalformedFrame extends Error {
  override name = 'MalformedFrame';
}

/** The frames of one message: a single object or an array of them. Throws MalformedFrame. */
export function parseMessage(text: string, check?: (item: unknown) => void): Frame[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new MalformedFrame('not JSON');
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  for (const item of list) {
    if (typeof item !== 'object' || item === null || typeof (item as { type?: unknown }).type !== 'string') {
      throw new MalformedFrame('a frame without a type');
    }
    check?.(item);
  }
  return list as Frame[];
}

/** The streams that are never conflated: each number arrives exactly once, in order. */
export const PRIVATE_STREAMS = ['orders', 'account', 'session'] as const;
export type PrivateStream = (typeof PRIVATE_STREAMS)[number];

export function isPrivate(stream: string): stream is PrivateStream {
  return stream === 'orders' || stream === 'account' || stream === 'session';
}
