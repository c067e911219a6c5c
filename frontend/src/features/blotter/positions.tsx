/** Open positions, marked at the middle of the quote as it moves, and the way out of each. */
import { useMemo, useRef } from 'react';
import { Button } from '@/components/button';
import { Empty } from '@/components/states';
import { Decimal, money, price, quantity } from '@/lib/decimal';
import { write } from '@/lib/hot-cell';
import { useDeskActions } from '@/stream/actions';
import { markOf, useFacts, usePump, useSession } from '@/stream/context';
import { unrealized } from '@/stream/valuation';

export function Positions() {
  const session = useSession();
  const actions = useDeskActions();
  const positions = useFacts((state) => state.positions);
  const rows = useMemo(() => [...positions.values()].filter((position) => !new Decimal(position.quantity).isZero() || !new Decimal(position.realized_pnl).isZero()), [positions]);
  const body = useRef<HTMLTableSectionElement>(null);
  usePump(rows.map((row) => `quote:${row.symbol}`).concat('instruments'), 250, (market) => {
    for (const line of body.current?.rows ?? []) {
      const position = session.facts.getState().positions.get(line.dataset.symbol ?? '');
      if (position === undefined) continue;
      const mark = markOf(market, position.symbol);
      const pnl = unrealized(position, mark);
      const [markCell, pnlCell] = line.querySelectorAll<HTMLElement>('[data-cell]');
      if (markCell) write(markCell, mark === null ? '–' : price(mark, market.scale(position.symbol).digits));
      if (pnlCell) write(pnlCell, pnl === null ? '–' : money(pnl, true), pnl === null || pnl.isZero() ? '' : pnl.isPositive() ? 'up' : 'down');
    }
  });
  if (rows.length === 0) return <Empty>No positions. A fill opens one.</Empty>;
  return (
    <div className="panel-scroll">
      <table className="grid-table" aria-label="Positions">
        <thead>
          <tr><th className="text-left">Symbol</th><th>Quantity</th><th>Average</th><th className="max-sm:hidden" title="Middle of the quote">Mark (mid)</th><th>Unrealized</th><th>Realized</th><th>Fees</th><th aria-label="Actions" /></tr>
        </thead>
        <tbody ref={body}>
          {rows.map((position) => {
            const size = new Decimal(position.quantity);
            const realized = new Decimal(position.realized_pnl);
            return (
              <tr key={position.symbol} data-symbol={position.symbol}>
                <th scope="row"><button type="button" className="hover:underline" onClick={() => session.desk.getState().select(position.symbol)}>{position.symbol}</button></th>
                <td className={`num ${size.isZero() ? '' : size.isPositive() ? 'up' : 'down'}`}>{quantity(position.quantity, true)}</td>
                <td className="num">{size.isZero() ? '–' : price(position.average_price, session.market.scale(position.symbol).digits)}</td>
                <td className="num max-sm:hidden" data-cell="mark" />
                <td className="num font-medium" data-cell="pnl" />
                <td className={`num ${realized.isZero() ? '' : realized.isPositive() ? 'up' : 'down'}`}>{money(position.realized_pnl, true)}</td>
                <td className="num text-dim">{money(position.fees)}</td>
                <td className="text-right"><Button size="small" tone="danger" disabled={size.isZero()} onClick={() => void actions.flatten(position.symbol)}>Flatten</Button></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
