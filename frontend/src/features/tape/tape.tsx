/** Time and sales, newest first. Prints of one moment, price and side are drawn as one burst; hovering pauses. */
import { useEffect, useRef, useState } from 'react';
import { timeOfDay } from '@/lib/clock';
import { compact } from '@/lib/decimal';
import { write } from '@/lib/hot-cell';
import { useDesk, usePump, useSession, useStreams } from '@/stream/context';
import type { TapePrint } from '@/stream/market-store';

const ROWS = 60;

export interface Burst {
  simTime: string;
  price: string;
  ticks: number;
  size: number;
  count: number;
  aggressor: string | null;
}

/** Newest first: neighbouring prints of the same price and aggressor within one simulated second are one row. */
export function bursts(prints: readonly TapePrint[], smallest: number, most: number): Burst[] {
  const out: Burst[] = [];
  for (let index = prints.length - 1; index >= 0; index -= 1) {
    const print = prints[index];
    if (print === undefined) continue;
    const last = out[out.length - 1];
    if (last !== undefined && last.ticks === print.ticks && last.aggressor === print.aggressor && last.simTime.slice(0, 19) === print.sim_time.slice(0, 19)) {
      last.size += print.size;
      last.count += 1;
      continue;
    }
    // A burst is whole only when the next one begins, so the filter looks at the one before.
    if (last !== undefined && last.size < smallest) out.pop();
    if (out.length >= most) break;
    out.push({ simTime: print.sim_time, price: print.price, ticks: print.ticks, size: print.size, count: 1, aggressor: print.aggressor });
  }
  const last = out[out.length - 1];
  if (last !== undefined && last.size < smallest) out.pop();
  return out;
}

export function Tape() {
  const session = useSession();
  const symbol = useDesk((state) => state.symbol);
  const [smallest, setSmallest] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const hovered = useRef(false);
  const [paused, setPaused] = useState(false);
  useStreams(symbol === '' ? [] : [`trades:${symbol}`]);
  useEffect(() => {
    if (symbol !== '' && !session.market.tapes.has(symbol)) session.loadTape(symbol).catch(() => undefined);
  }, [session, symbol]);

  const draw = (): void => {
    const rows = body.current?.rows;
    if (rows === undefined || hovered.current) return;
    const list = bursts(session.market.tapes.get(symbol)?.prints ?? [], smallest, ROWS);
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index];
      if (row === undefined) continue;
      const burst = list[index];
      row.hidden = burst === undefined;
      if (burst === undefined) continue;
      const tone = burst.aggressor === 'BUY' ? 'up' : burst.aggressor === 'SELL' ? 'down' : '';
      const arrow = burst.aggressor === 'BUY' ? '▲' : burst.aggressor === 'SELL' ? '▼' : '•';
      const cells = row.cells;
      if (cells[0]) write(cells[0], timeOfDay(burst.simTime));
      if (cells[1]) write(cells[1], `${arrow} ${burst.price}`, tone);
      if (cells[2]) write(cells[2], compact(burst.size));
      if (cells[3]) write(cells[3], burst.count > 1 ? `×${burst.count}` : '');
    }
  };
  usePump([`tape:${symbol}`], 250, draw);
  useEffect(draw);

  const hold = (on: boolean): void => {
    hovered.current = on;
    setPaused(on);
    if (!on) draw();
  };
  return (
    <div className="flex h-full flex-col" onPointerEnter={(event) => { if (event.pointerType === 'mouse') hold(true); }} onPointerLeave={() => hold(false)}>
      <div className="panel-bar">
        <label className="flex items-center gap-2 text-xs text-dim">
          Size at least
          <select className="input min-h-6! w-auto! py-0 text-xs" value={smallest} onChange={(event) => setSmallest(Number(event.target.value))}>
            {[0, 50, 100, 500, 1000, 5000].map((size) => (
              <option key={size} value={size}>{size === 0 ? 'any' : size}</option>
            ))}
          </select>
        </label>
        {paused && <span className="chip chip-warn">Held while you point</span>}
      </div>
      <div className="panel-scroll" tabIndex={0} role="region" aria-label="Prints">
        <table className="grid-table tape" aria-label={`Time and sales of ${symbol}`}>
          <thead>
            <tr><th className="text-left">Time</th><th>Price</th><th>Size</th><th aria-label="Prints" /></tr>
          </thead>
          <tbody ref={body}>
            {Array.from({ length: ROWS }, (_, index) => (
              <tr key={index} hidden>
                <td className="text-dim" />
                <td className="num" />
                <td className="num" />
                <td className="num text-faint" />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
