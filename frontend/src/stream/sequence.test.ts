import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceBook } from '@/stream/sequence';

describe('sequence', () => {
  it('applies each private number once and in order, whatever is repeated, lost or replayed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 200 }), fc.nat(20), (arrivals, start) => {
        const book = new SequenceBook();
        book.begin('orders', 1, start);
        const applied: number[] = [];
        for (const seq of arrivals) if (book.accept('orders', 1, seq) === 'apply') applied.push(seq);
        expect(applied).toEqual(applied.map((_, index) => start + 1 + index));
        expect(book.lastSeq('orders')).toBe(start + applied.length);
        // A replay from where it stands fills every hole.
        for (let seq = book.lastSeq('orders') + 1; seq <= 50; seq += 1) expect(book.accept('orders', 1, seq)).toBe('apply');
      }),
    );
  });

  it('marks a hole as repairing until it is filled', () => {
    const book = new SequenceBook();
    book.begin('orders', 1, 4);
    expect(book.accept('orders', 1, 7)).toBe('gap');
    expect(book.repairing('orders')).toBe(true);
    expect(book.accept('orders', 1, 5)).toBe('apply');
    expect(book.repairing('orders')).toBe(false);
    expect(book.gaps).toBe(1);
  });

  it('goes on with private numbers in a new epoch, and restarts market numbers there', () => {
    const book = new SequenceBook();
    book.begin('orders', 1, 4);
    expect(book.accept('orders', 2, 5)).toBe('apply');
    expect(book.accept('orders', 2, 5)).toBe('duplicate');
    expect(book.accept('quotes', 1, 900)).toBe('apply');
    expect(book.accept('quotes', 1, 880)).toBe('duplicate');
    expect(book.accept('quotes', 2, 1)).toBe('apply');
    expect(book.accept('quotes', 1, 901)).toBe('duplicate');
  });

  it('lets market numbers jump, for they are conflated', () => {
    const book = new SequenceBook();
    expect(book.accept('book:ACME', 1, 5)).toBe('apply');
    expect(book.accept('book:ACME', 1, 50)).toBe('apply');
    expect(book.gaps).toBe(0);
  });

  it('sees a loss at the tail in the heartbeat', () => {
    const book = new SequenceBook();
    book.begin('orders', 1, 4);
    book.begin('account', 1, 2);
    expect(book.behind({ orders: 5, account: 3, 'book:ACME': 99 })).toEqual([]);
    expect(book.behind({ orders: 6, account: 3 })).toEqual(['orders']);
  });
});
