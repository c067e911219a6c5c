/** Every symbol with its last price and market; rows are drawn by React once, prices are written into them. */
import { useMemo, useRef } from 'react';
import { Empty } from '@/components/states';
import { write } from '@/lib/hot-cell';
import { Decimal, percent, quantity, toDecimal } from '@/lib/decimal';
import { useDesk, useFacts, usePump, useSession } from '@/stream/context';
import type { MarketStore } from '@/stream/market-store';

/** Change against the previous close as a ratio, or null where there is none. */
function changeRatio(last: string | null, previous: string | null | undefined): Decimal | null {
  const now = toDecimal(last);
  const before = toDecimal(previous);
  return now === null || before === null || before.isZero() ? null : now.minus(before).div(before);
}

function positionText(held: string | undefined): string {
  return held === undefined || Number(held) === 0 ? '' : quantity(held, true);
}

function drawRow(row: HTMLElement, market: MarketStore, symbol: string): void {
  const quote = market.quotes.get(symbol);
  if (quote === undefined) return;
  const cells = row.querySelectorAll<HTMLElement>('[data-cell]');
  const previous = quote.previous_close ?? market.instruments.get(symbol)?.previous_close;
  const ratio = changeRatio(quote.last, previous);
  const tone = ratio === null || ratio.isZero() ? '' : ratio.isPositive() ? 'up' : 'down';
  const bid = market.ticksOf(symbol, quote.bid);
  const ask = market.ticksOf(symbol, quote.ask);
  const values: Record<string, [string, string]> = {
    last: [quote.last ?? '–', tone],
    change: [ratio === null ? '–' : percent(ratio), tone],
    bid: [quote.bid ?? '–', ''],
    ask: [quote.ask ?? '–', ''],
    spread: [bid === null || ask === null ? '–' : String(ask - bid), ''],
  };
  for (const cell of cells) {
    const value = values[cell.dataset.cell ?? ''];
    if (value !== undefined) write(cell, value[0], value[1]);
  }
}

export function Watchlist() {
  const session = useSession();
  const symbols = useMemo(() => [...session.market.instruments.keys()], [session]);
  const selected = useDesk((state) => state.symbol);
  const positions = useFacts((state) => state.positions);
  const body = useRef<HTMLTableSectionElement>(null);
  usePump(symbols.map((symbol) => `quote:${symbol}`), 200, (market) => {
    for (const row of body.current?.rows ?? []) drawRow(row, market, row.dataset.symbol ?? '');
  });
  if (symbols.length === 0) return <Empty>This exchange lists no instruments.</Empty>;
  const move = (step: number): void => {
    const place = symbols.indexOf(selected);
    const next = symbols[(place + step + symbols.length) % symbols.length];
    if (next !== undefined) {
      session.desk.getState().select(next);
      body.current?.querySelector<HTMLElement>(`[data-symbol="${next}"]`)?.focus();
    }
  };
  return (
    <div className="panel-scroll">
      <table className="grid-table watch">
        <thead>
          <tr>
            <th className="text-left">Symbol</th>
            <th>Last</th>
            <th>Change</th>
            <th>Bid</th>
            <th>Ask</th>
            <th title="Spread in ticks">Spr</th>
            <th title="Your position">Pos</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {symbols.map((symbol) => (
            <tr
              key={symbol}
              data-symbol={symbol}
              tabIndex={symbol === selected ? 0 : -1}
              aria-selected={symbol === selected}
              className={`row-pick ${symbol === selected ? 'row-on' : ''}`}
              onClick={() => session.desk.getState().select(symbol)}
              onKeyDown={(event) => {
                if (event.key === 'ArrowDown') move(1);
                else if (event.key === 'ArrowUp') move(-1);
                else return;
                event.preventDefault();
              }}
            >
              <th scope="row" title={session.market.instruments.get(symbol)?.name}>
                <span className="block font-semibold">{symbol}</span>
                <span className="block max-w-20 truncate text-[11px] font-normal text-faint">{session.market.instruments.get(symbol)?.name}</span>
              </th>
              <td className="num font-medium" data-cell="last" />
              <td className="num" data-cell="change" />
              <td className="num" data-cell="bid" />
              <td className="num" data-cell="ask" />
              <td className="num text-dim" data-cell="spread" />
              <td className="num">{positionText(positions.get(symbol)?.quantity)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
