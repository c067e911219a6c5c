/** Money: equity at the middle of the market, cash, what is reserved and what can still be bought. */
import { useMemo, useRef } from 'react';
import { Skeleton } from '@/components/states';
import { Decimal, money } from '@/lib/decimal';
import { write } from '@/lib/hot-cell';
import { markOf, useFacts, usePump, useSession } from '@/stream/context';
import { value } from '@/stream/valuation';

function tone(amount: Decimal | null): string {
  return amount === null || amount.isZero() ? '' : amount.isPositive() ? 'up' : 'down';
}

export function AccountPanel() {
  const session = useSession();
  const account = useFacts((state) => state.account);
  const positions = useFacts((state) => state.positions);
  const holder = useRef<HTMLDListElement>(null);
  const symbols = useMemo(() => [...positions.keys()], [positions]);
  usePump(['instruments', ...symbols.map((symbol) => `quote:${symbol}`)], 250, (market) => {
    const facts = session.facts.getState();
    if (facts.account === null || holder.current === null) return;
    const worth = value(facts.account, facts.positions.values(), (symbol) => markOf(market, symbol));
    const cells: Record<string, [string, string]> = {
      equity: [money(worth.equity), ''],
      unrealized: [money(worth.unrealized, true), tone(worth.unrealized)],
      realized: [money(worth.realized, true), tone(worth.realized)],
    };
    for (const cell of holder.current.querySelectorAll<HTMLElement>('[data-cell]')) {
      const found = cells[cell.dataset.cell ?? ''];
      if (found !== undefined) write(cell, found[0], found[1]);
    }
  });
  if (account === null) return <Skeleton rows={6} label="Loading account" />;
  const cash = new Decimal(account.cash);
  const share = cash.lte(0) ? 0 : Math.min(100, Number(new Decimal(account.reserved).div(cash).times(100).toFixed(1)));
  return (
    <div className="panel-scroll p-3" tabIndex={0} role="region" aria-label="Account">
      <dl ref={holder} className="account-list" key={symbols.join()}>
        <dt>Equity <span className="text-faint">{account.currency}</span></dt>
        <dd className="num text-lg font-semibold" data-cell="equity" data-testid="equity" />
        <dt>Unrealized P&amp;L</dt>
        <dd className="num" data-cell="unrealized" />
        <dt>Realized P&amp;L</dt>
        <dd className="num" data-cell="realized" />
        <dt>Fees</dt>
        <dd className="num">{money(account.fees)}</dd>
        <dt>Cash</dt>
        <dd className="num" data-testid="cash">{money(account.cash)}</dd>
        <dt>Reserved</dt>
        <dd className="num">{money(account.reserved)}</dd>
        <dt>Buying power</dt>
        <dd className="num" data-testid="buying-power">{money(account.buying_power)}</dd>
      </dl>
      <div className="mt-3 h-1.5 overflow-hidden rounded-full bg-raised" role="meter" aria-label="Share of cash reserved" aria-valuenow={share} aria-valuemin={0} aria-valuemax={100}>
        <div className="h-full bg-accent" style={{ width: `${share}%` }} />
      </div>
      <p className="mt-1.5 text-[11px] text-faint">{share}% of cash reserved by open orders. Marked at mid.</p>
      {account.state !== 'ACTIVE' && <p className="notice notice-warn mt-2 text-xs">Trading state: {account.state}</p>}
    </div>
  );
}
