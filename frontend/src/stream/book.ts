/**
 * One instrument's price levels as integer ticks, kept from a snapshot and deltas. It never guesses: a hole or a
 * wrong checksum stops it until a fresh snapshot arrives.
 */
import { crc32 } from '@/lib/crc32';
import { toUnits } from '@/lib/decimal';
import type { BookDelta, BookSnapshot, WireLevel } from '@/stream/protocol';

export interface Level {
  ticks: number;
  price: string;
  quantity: string;
  size: number;
  orders: number;
}

export type BookVerdict = 'applied' | 'stale' | 'gap' | 'checksum';

const CHECKED_LEVELS = 10;

/** Index of `ticks` in an ascending array, or the place to insert it as a negative (-place - 1). */
function find(keys: number[], ticks: number): number {
  let low = 0;
  let high = keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = keys[middle] ?? 0;
    if (value === ticks) return middle;
    if (value < ticks) low = middle + 1;
    else high = middle - 1;
  }
  return -low - 1;
}

class Half {
  /** Ascending ticks; the best bid is the last, the best ask the first. */
  readonly keys: number[] = [];
  readonly levels = new Map<number, Level>();
  private readonly bestLast: boolean;

  constructor(bestLast: boolean) {
    this.bestLast = bestLast;
  }

  clear(): void {
    this.keys.length = 0;
    this.levels.clear();
  }

  set(level: Level): void {
    const place = find(this.keys, level.ticks);
    if (level.size === 0) {
      if (place >= 0) {
        this.keys.splice(place, 1);
        this.levels.delete(level.ticks);
      }
      return;
    }
    if (place < 0) this.keys.splice(-place - 1, 0, level.ticks);
    this.levels.set(level.ticks, level);
  }

  /** The `count` best levels, best first. */
  best(count: number): Level[] {
    const out: Level[] = [];
    const length = this.keys.length;
    for (let index = 0; index < count && index < length; index += 1) {
      const level = this.levels.get(this.keys[this.bestLast ? length - 1 - index : index] ?? 0);
      if (level !== undefined) out.push(level);
    }
    return out;
  }
}

export class Book {
  readonly symbol: string;
  readonly bids = new Half(true);
  readonly asks = new Half(false);
  private readonly digits: number;
  private readonly tickUnits: number;
  seq = 0;
  /** False until a snapshot arrived, and while a repair is under way. */
  whole = false;

  constructor(symbol: string, digits: number, tickUnits: number) {
    this.symbol = symbol;
    this.digits = digits;
    this.tickUnits = tickUnits;
  }

  applySnapshot(data: BookSnapshot): BookVerdict {
    this.bids.clear();
    this.asks.clear();
    this.put(data.bids, data.asks);
    this.seq = data.seq;
    this.whole = true;
    return this.verify(data.checksum);
  }

  applyDelta(data: BookDelta): BookVerdict {
    if (!this.whole) return 'gap';
    if (data.seq <= this.seq) return 'stale';
    if (data.prev_seq !== this.seq) {
      this.whole = false;
      return 'gap';
    }
    this.put(data.bids, data.asks);
    this.seq = data.seq;
    return this.verify(data.checksum);
  }

  /** The text that the checksum is made of: ten best bids, then ten best asks, "price:quantity" joined by "|". */
  checksumText(): string {
    return [...this.bids.best(CHECKED_LEVELS), ...this.asks.best(CHECKED_LEVELS)]
      .map((level) => `${level.price}:${level.quantity}`)
      .join('|');
  }

  bestBid(): Level | undefined {
    return this.bids.best(1)[0];
  }

  bestAsk(): Level | undefined {
    return this.asks.best(1)[0];
  }

  /** Middle price in half ticks (bid + ask), or null with an empty side. */
  midHalfTicks(): number | null {
    const bid = this.bestBid();
    const ask = this.bestAsk();
    return bid === undefined || ask === undefined ? null : bid.ticks + ask.ticks;
  }

  private verify(expected: number | undefined): BookVerdict {
    if (expected === undefined) return 'applied';
    if (crc32(this.checksumText()) === expected >>> 0) return 'applied';
    this.whole = false;
    return 'checksum';
  }

  private put(bids: WireLevel[], asks: WireLevel[]): void {
    for (const level of bids) this.bids.set(this.level(level));
    for (const level of asks) this.asks.set(this.level(level));
  }

  private level(wire: WireLevel): Level {
    return {
      ticks: Math.round(toUnits(wire[0], this.digits) / this.tickUnits),
      price: wire[0],
      quantity: wire[1],
      size: Number(wire[1]),
      orders: wire[2] ?? 0,
    };
  }
}
