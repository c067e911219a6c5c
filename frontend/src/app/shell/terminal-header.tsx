/** The strip above the terminal: clock and controls, equity and P&L, arming, the line. */
import { useRef } from 'react';
import { Decimal, money } from '@/lib/decimal';
import { write } from '@/lib/hot-cell';
import { ArmButton } from '@/features/palette/palette';
import { ConnectionPill } from '@/features/transport/connection-pill';
import { Transport } from '@/features/transport/transport';
import { markOf, useFacts, usePump, useSession } from '@/stream/context';
import { value } from '@/stream/valuation';

function Worth() {
  const session = useSession();
  const positions = useFacts((state) => state.positions);
  const equity = useRef<HTMLElement>(null);
  const pnl = useRef<HTMLElement>(null);
  usePump(['instruments', ...[...positions.keys()].map((symbol) => `quote:${symbol}`)], 250, (market) => {
    const facts = session.facts.getState();
    if (facts.account === null || equity.current === null || pnl.current === null) return;
    const worth = value(facts.account, facts.positions.values(), (symbol) => markOf(market, symbol));
    const total: Decimal | null = worth.unrealized === null ? null : worth.unrealized.plus(worth.realized).minus(worth.fees);
    write(equity.current, money(worth.equity));
    write(pnl.current, money(total, true), total === null || total.isZero() ? '' : total.isPositive() ? 'up' : 'down');
  });
  return (
    <dl className="flex gap-5 max-lg:hidden">
      <div>
        <dt className="text-[11px] text-dim">Equity</dt>
        <dd ref={equity} className="num text-left! leading-tight font-semibold" />
      </div>
      <div>
        <dt className="text-[11px] text-dim">P&amp;L after fees</dt>
        <dd ref={pnl} className="num text-left! leading-tight font-semibold" />
      </div>
    </dl>
  );
}

export function TerminalHeader() {
  const session = useSession();
  return (
    <div className="flex min-w-0 flex-1 items-center gap-4">
      <span className="min-w-0 truncate text-sm text-dim max-xl:hidden">{session.detail?.name || session.detail?.scenario}</span>
      <Transport />
      <span className="flex-1" />
      <Worth />
      <ArmButton />
      <ConnectionPill />
    </div>
  );
}
