import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUnits } from '@/lib/decimal';
import { Book } from '@/stream/book';

type Side = Map<number, number>;

/** The checksum as the contract words it, computed the slow way. */
function reference(bids: Side, asks: Side): number {
  const text = (side: Side, sign: number): string[] =>
    [...side].filter(([, size]) => size > 0).sort((a, b) => sign * (a[0] - b[0])).slice(0, 10).map(([ticks, size]) => `${fromUnits(ticks, 2)}:${size}`);
  return zlibCrc32([...text(bids, -1), ...text(asks, 1)].join('|'));
}

const wire = (side: Iterable<[number, number]>): [string, string, number][] => [...side].map(([ticks, size]) => [fromUnits(ticks, 2), String(size), 1]);

const half = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 900 })), { maxLength: 40 });

describe('book', () => {
  it('checks the example of the contract', () => {
    const book = new Book('ACME', 2, 1);
    book.applySnapshot({ symbol: 'ACME', seq: 1, bids: [['149.98', '200', 1], ['149.99', '300', 2]], asks: [['150.01', '100', 1]] });
    expect(book.checksumText()).toBe('149.99:300|149.98:200|150.01:100');
  });

  it('equals the venue after any deltas, level by level and by checksum', () => {
    fc.assert(
      fc.property(half, half, fc.array(fc.tuple(half, half), { maxLength: 15 }), (bids0, asks0, deltas) => {
        const bids: Side = new Map(bids0.filter(([, size]) => size > 0));
        const asks: Side = new Map(asks0.map(([ticks, size]): [number, number] => [ticks + 100, size]).filter(([, size]) => size > 0));
        const book = new Book('ACME', 2, 1);
        expect(book.applySnapshot({ symbol: 'ACME', seq: 5, bids: wire(bids), asks: wire(asks), checksum: reference(bids, asks) })).toBe('applied');
        let seq = 5;
        for (const [bidChanges, askChanges] of deltas) {
          for (const [ticks, size] of bidChanges) bids.set(ticks, size);
          for (const [ticks, size] of askChanges) asks.set(ticks + 100, size);
          const data = { symbol: 'ACME', prev_seq: seq, seq: seq + 3, bids: wire(bidChanges), asks: wire(askChanges.map(([t, s]): [number, number] => [t + 100, s])), checksum: reference(bids, asks) };
          expect(book.applyDelta(data)).toBe('applied');
          seq += 3;
        }
        const best = [...bids].filter(([, size]) => size > 0).sort((a, b) => b[0] - a[0])[0];
        expect(book.bestBid()?.ticks).toBe(best?.[0]);
      }),
      { numRuns: 60 },
    );
  });

  it('stops at a hole and at a wrong checksum until a snapshot comes', () => {
    const book = new Book('ACME', 2, 1);
    const delta = { symbol: 'ACME', prev_seq: 1, seq: 2, bids: wire([[10, 5]]), asks: [] };
    expect(book.applyDelta(delta)).toBe('gap');
    book.applySnapshot({ symbol: 'ACME', seq: 1, bids: [], asks: [] });
    expect(book.applyDelta({ ...delta, prev_seq: 3, seq: 4 })).toBe('gap');
    expect(book.whole).toBe(false);
    expect(book.applyDelta(delta)).toBe('gap');
    book.applySnapshot({ symbol: 'ACME', seq: 7, bids: [], asks: [] });
    expect(book.applyDelta({ ...delta, prev_seq: 7, seq: 8, checksum: 1 })).toBe('checksum');
    expect(book.whole).toBe(false);
  });

  it('ignores what it has already', () => {
    const book = new Book('ACME', 2, 1);
    book.applySnapshot({ symbol: 'ACME', seq: 9, bids: wire([[10, 5]]), asks: [] });
    expect(book.applyDelta({ symbol: 'ACME', prev_seq: 8, seq: 9, bids: wire([[10, 0]]), asks: [] })).toBe('stale');
    expect(book.bestBid()?.size).toBe(5);
  });

  it('keeps an empty book as a state', () => {
    const book = new Book('ACME', 2, 5);
    expect(book.applySnapshot({ symbol: 'ACME', seq: 1, bids: [], asks: [], checksum: 0 })).toBe('applied');
    expect(book.midHalfTicks()).toBeNull();
  });
});
