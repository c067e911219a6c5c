/** Candles as the chart library wants them. Prices become numbers here only to be drawn. */
import type { Candle, Execution } from '@/generated/shapes';
import { zoneOffsetSeconds } from '@/lib/clock';

export interface Bar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export const INTERVALS = ['1s', '5s', '1m', '5m', '15m', '1h', '1d'] as const;
export type Interval = (typeof INTERVALS)[number];

export function intervalSeconds(interval: string): number {
  const unit: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
  const match = /^(\d+)([smhd])$/.exec(interval);
  return match === null ? 60 : Number(match[1]) * (unit[match[2] ?? 'm'] ?? 60);
}

/** Seconds on the chart's axis: the venue's local time for bars within a day, the calendar date for daily ones. */
export function axisTime(time: string, interval: string): number {
  const ms = Date.parse(time);
  if (intervalSeconds(interval) >= 86_400) return Math.floor(ms / 86_400_000) * 86_400;
  return Math.floor(ms / 1_000) + zoneOffsetSeconds(ms);
}

export function toBar(candle: Candle, interval: string): Bar {
  return {
    time: axisTime(candle.time, interval),
    open: Number(candle.open),
    high: Number(candle.high),
    low: Number(candle.low),
    close: Number(candle.close),
    volume: Number(candle.volume),
  };
}

/** Ascending and one bar per time, as the chart demands; of two the later one stands. */
export function tidy(bars: Bar[]): Bar[] {
  const sorted = [...bars].sort((a, b) => a.time - b.time);
  const out: Bar[] = [];
  for (const bar of sorted) {
    if (out[out.length - 1]?.time === bar.time) out[out.length - 1] = bar;
    else out.push(bar);
  }
  return out;
}

export interface FillMark {
  time: number;
  side: 'BUY' | 'SELL';
  text: string;
}

/** Own fills by bar: several in one bar and side are one mark. */
export function fillMarks(fills: readonly Execution[], symbol: string, interval: string): FillMark[] {
  const seconds = intervalSeconds(interval);
  const sums = new Map<string, { time: number; side: 'BUY' | 'SELL'; quantity: number }>();
  for (const fill of fills) {
    if (fill.symbol !== symbol) continue;
    const axis = axisTime(fill.sim_time, interval);
    const time = axis - (axis % seconds);
    const key = `${time}/${fill.side}`;
    const found = sums.get(key) ?? { time, side: fill.side, quantity: 0 };
    found.quantity += Number(fill.last_quantity ?? 0);
    sums.set(key, found);
  }
  return [...sums.values()].sort((a, b) => a.time - b.time).map(({ time, side, quantity }) => ({ time, side, text: `${side === 'BUY' ? 'B' : 'S'} ${quantity}` }));
}
