/**
 * Public market data outside React: books, quotes, tape, last candles. Readers keep their own version cursor, so
 * that one reader's look never hides a change from another. Never holds anything private.
 */
import { TAPE_LENGTH } from '@/config/runtime';
import { fractionDigits, fromUnits, toUnits } from '@/lib/decimal';
import type { Instrument } from '@/generated/shapes';
import { Book } from '@/stream/book';
import type { BookDelta, BookSnapshot, CandleBar, Quote, TradePrint } from '@/stream/protocol';

export interface Scale {
  digits: number;
  /** The tick in units of the last decimal place: "0.05" → 5. */
  tickUnits: number;
}

export function scaleOf(tickSize: string): Scale {
  const digits = fractionDigits(tickSize);
  return { digits, tickUnits: toUnits(tickSize, digits) };
}

export interface TapePrint extends TradePrint {
  ticks: number;
  size: number;
}

export interface Tape {
  /** Newest last. */
  prints: TapePrint[];
  lastSeq: number;
}

export interface VersionedCandle {
  bar: CandleBar;
  version: number;
}

export class MarketStore {
  readonly instruments = new Map<string, Instrument>();
  readonly books = new Map<string, Book>();
  readonly quotes = new Map<string, Quote>();
  readonly tapes = new Map<string, Tape>();
  /** Live bars by "SYM:interval", every bar since the last full load. */
  private readonly bars = new Map<string, VersionedCandle[]>();
  private readonly versions = new Map<string, number>();
  private readonly scales = new Map<string, Scale>();
  private counter = 0;
  /** Milliseconds (performance clock) at which market data last arrived. */
  lastDataAt = 0;
  updates = 0;
  /** The newest simulated time heard; it never runs back. */
  simTime = '';

  load(instruments: Instrument[]): void {
    for (const instrument of instruments) {
      this.instruments.set(instrument.symbol, instrument);
      this.scales.set(instrument.symbol, scaleOf(instrument.tick_size));
    }
    this.touch('instruments');
  }

  scale(symbol: string): Scale {
    return this.scales.get(symbol) ?? { digits: 2, tickUnits: 1 };
  }

  priceOf(symbol: string, ticks: number): string {
    const { digits, tickUnits } = this.scale(symbol);
    return fromUnits(ticks * tickUnits, digits);
  }

  /** Whole ticks of a price, or null where it is no price of this instrument's grid. */
  ticksOf(symbol: string, price: string | null | undefined): number | null {
    if (price === null || price === undefined) return null;
    const { digits, tickUnits } = this.scale(symbol);
    try {
      return Math.round(toUnits(price, digits) / tickUnits);
    } catch {
      return null;
    }
  }

  /** The change counter of a topic such as "book:ACME", "quote:ACME", "tape:ACME", "candle:ACME:1m". */
  version(topic: string): number {
    return this.versions.get(topic) ?? 0;
  }

  book(symbol: string): Book {
    let book = this.books.get(symbol);
    if (book === undefined) {
      const { digits, tickUnits } = this.scale(symbol);
      book = new Book(symbol, digits, tickUnits);
      this.books.set(symbol, book);
    }
    return book;
  }

  applyBook(type: string, data: BookSnapshot | BookDelta): ReturnType<Book['applyDelta']> {
    const book = this.book(data.symbol);
    const verdict = type === 'book.snapshot' ? book.applySnapshot(data) : book.applyDelta(data as BookDelta);
    this.touch(`book:${data.symbol}`);
    return verdict;
  }

  applyQuote(data: Quote): void {
    this.quotes.set(data.symbol, data);
    this.touch(`quote:${data.symbol}`);
  }

  applyTrades(symbol: string, prints: TradePrint[]): void {
    let tape = this.tapes.get(symbol);
    if (tape === undefined) {
      tape = { prints: [], lastSeq: -1 };
      this.tapes.set(symbol, tape);
    }
    for (const print of prints) {
      if (print.seq <= tape.lastSeq) continue;
      tape.lastSeq = print.seq;
      tape.prints.push({ ...print, ticks: this.ticksOf(symbol, print.price) ?? 0, size: Number(print.quantity) });
    }
    if (tape.prints.length > TAPE_LENGTH * 2) tape.prints.splice(0, tape.prints.length - TAPE_LENGTH);
    this.touch(`tape:${symbol}`);
  }

  applyCandle(key: string, bar: CandleBar): void {
    const list = this.bars.get(key) ?? [];
    const version = this.counter + 1;
    const last = list[list.length - 1];
    if (last !== undefined && last.bar.time === bar.time) list[list.length - 1] = { bar, version };
    else list.push({ bar, version });
    if (list.length > 500) list.splice(0, list.length - 400);
    this.bars.set(key, list);
    this.touch(`candle:${key}`);
  }

  /** The live bars of "SYM:interval" that changed after `version`, oldest first. */
  barsAfter(key: string, version: number): CandleBar[] {
    const list = this.bars.get(key) ?? [];
    let start = list.length;
    while (start > 0 && (list[start - 1]?.version ?? 0) > version) start -= 1;
    return list.slice(start).map((item) => item.bar);
  }

  noteTime(simTime: string | null | undefined): void {
    if (simTime === null || simTime === undefined || simTime <= this.simTime) return;
    this.simTime = simTime;
    this.touch('time');
  }

  /** Forget what a new epoch numbers anew; quotes stay on screen, greyed by the link state. */
  restart(): void {
    for (const book of this.books.values()) book.whole = false;
  }

  private touch(topic: string): void {
    this.counter += 1;
    this.updates += 1;
    this.versions.set(topic, this.counter);
  }
}
