import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTime, fillMarks, intervalSeconds, tidy } from '@/features/chart/bars';
import { anExecution } from '@/testing/wire';

describe('bars', () => {
  it('are ascending and unique whatever comes', () => {
    fc.assert(fc.property(fc.array(fc.nat(40)), (times) => {
      const bars = tidy(times.map((time, index) => ({ time, open: index, high: 1, low: 1, close: 1, volume: 1 })));
      return bars.every((bar, index) => index === 0 || bar.time > (bars[index - 1]?.time ?? Infinity)) && bars.length === new Set(times).size;
    }));
  });
  it('stand at the venue’s own clock, daily ones at their date', () => {
    expect(new Date(axisTime('2008-10-10T13:30:00.000000Z', '1m') * 1000).toISOString()).toBe('2008-10-10T09:30:00.000Z');
    expect(new Date(axisTime('2026-01-05T14:30:00.000000Z', '1m') * 1000).toISOString()).toBe('2026-01-05T09:30:00.000Z');
    expect(new Date(axisTime('2008-10-10T00:00:00.000000Z', '1d') * 1000).toISOString()).toBe('2008-10-10T00:00:00.000Z');
  });
  it('gather the fills of a bar into one mark a side', () => {
    const fill = (sim_time: string, side: 'BUY' | 'SELL', last_quantity: string) => anExecution({ sim_time, side, last_quantity, execution_type: 'TRADE' });
    const marks = fillMarks([fill('2026-03-02T15:00:01.000000Z', 'BUY', '10'), fill('2026-03-02T15:00:59.000000Z', 'BUY', '5'), fill('2026-03-02T15:00:59.000000Z', 'SELL', '5')], 'ACME', '1m');
    expect(marks.map((mark) => mark.text)).toEqual(['B 15', 'S 5']);
    expect(intervalSeconds('15m')).toBe(900);
  });
});
