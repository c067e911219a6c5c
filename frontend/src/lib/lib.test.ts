import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '@/lib/backoff';
import { crc32 } from '@/lib/crc32';
import { compact, Decimal, fromUnits, money, price, quantity, setNumberStyle, toDecimal, toUnits } from '@/lib/decimal';
import { explain, refusal, RequestProblem } from '@/lib/problem';
import { EventCutter, type ServerEvent } from '@/lib/server-events';
import { uuid7 } from '@/lib/uuid';

describe('crc32', () => {
  it('knows the check value of the standard', () => expect(crc32('123456789')).toBe(0xcbf43926));
  it('agrees with zlib on any ASCII text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => crc32(text) === zlibCrc32(text)));
  });
});

describe('decimals', () => {
  it('turns fixed-point text into units and back without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 4 }), (units, digits) => toUnits(fromUnits(units, digits), digits) === units),
    );
  });
  it('refuses what is no price of the grid', () => {
    for (const text of ['', 'NaN', '1e5', '1.234', ' 1', '١', '--1', '9'.repeat(30)]) expect(() => toUnits(text, 2)).toThrow(RangeError);
    expect(toUnits('1.2300', 2)).toBe(123);
  });
  it('writes money exactly, however large', () => {
    expect(money('12345678901234567.89')).toBe('12,345,678,901,234,567.89');
    expect(money('-0.005')).toBe('0.00');
    expect(money('12.345')).toBe('12.34');
    expect(money('5', true)).toBe('+5.00');
    expect(money('0', true)).toBe('0.00');
    expect(money(null)).toBe('–');
  });
  it('keeps the digits of any amount of cents', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (cents) => {
      const text = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
      return money(text).replaceAll(',', '') === text;
    }));
  });
  it('follows the chosen style', () => {
    setNumberStyle('de-DE');
    expect(money('1234.5')).toBe('1.234,50');
    setNumberStyle('en-US');
    expect(price('150.1', 2)).toBe('150.10');
    expect(quantity('1200', true)).toBe('+1,200');
    expect(compact(12_345)).toBe('12.3k');
  });
  it('sums without binary error', () => {
    expect(new Decimal('0.1').plus('0.2').toString()).toBe('0.3');
    expect(toDecimal('Infinity')).toBeNull();
    expect(toDecimal('x')).toBeNull();
  });
});

describe('uuid7', () => {
  it('is ordered by time and well formed', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), (ms) => {
      const id = uuid7(ms);
      return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id) && id < uuid7(ms + 1);
    }));
  });
});

describe('back-off', () => {
  it('stays between half a second and fifteen', () => {
    fc.assert(fc.property(fc.nat(50), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, luck) => {
      const ms = backoffMs(attempt, () => luck);
      return ms >= 500 && ms <= 15_000;
    }));
  });
});

describe('server-sent events', () => {
  const stream = ': hello\nid: 7\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\nevent: x\rdata:3\r\rid: 8\ndata: end\n\n';
  const whole: ServerEvent[] = [];
  new EventCutter((event) => whole.push(event)).push(stream);
  it('reads ids, several lines and all line ends', () => {
    expect(whole.map((event) => event.data)).toEqual(['{"a":1}', 'one\ntwo', '3', 'end']);
    expect(whole[0]?.id).toBe('7');
    expect(whole[3]?.id).toBe('8');
  });
  it('does not care how the text is cut', () => {
    fc.assert(fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const seen: ServerEvent[] = [];
      const cutter = new EventCutter((event) => seen.push(event));
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      for (let i = 1; i < places.length; i += 1) cutter.push(stream.slice(places[i - 1], places[i]));
      expect(seen).toEqual(whole);
    }));
  });
});

describe('what went wrong, in words', () => {
  it('names the reason before its numbers', () => {
    expect(refusal('INSUFFICIENT_BUYING_POWER', 'needs 12 340.00, has 9 800.00')).toBe('Insufficient buying power: needs 12 340.00, has 9 800.00');
    expect(refusal('WOULD_TAKE', '')).toBe('Would take');
    expect(refusal('UNKNOWN_SYMBOL', 'NOPE is not traded here')).toBe('NOPE is not traded here');
  });

  it('says nothing twice', () => {
    const said = 'This password is too common.';
    const failure = new RequestProblem(422, { code: 'VALIDATION_FAILED', detail: said, errors: [{ field: 'password', message: said }] }, null);
    expect(explain(failure)).toBe(said);
  });
});
