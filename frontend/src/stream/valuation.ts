/** What positions and account are worth at the middle of the market, to the cent. Pure, exact decimals. */
import type { Account, Position } from '@/generated/shapes';
import { Decimal, toDecimal, ZERO } from '@/lib/decimal';

/** Unrealized P&L of a position at `mark`; null without a mark or an average. */
export function unrealized(position: Pick<Position, 'quantity' | 'average_price'>, mark: Decimal | null): Decimal | null {
  const size = new Decimal(position.quantity);
  if (size.isZero()) return ZERO;
  const average = toDecimal(position.average_price);
  return mark === null || average === null ? null : mark.minus(average).times(size);
}

export interface Valuation {
  equity: Decimal | null;
  unrealized: Decimal | null;
  realized: Decimal;
  fees: Decimal;
}

/** Cash plus every position at its mark. One unknown mark makes the sum unknown, never wrong. */
export function value(account: Account, positions: Iterable<Position>, markOf: (symbol: string) => Decimal | null): Valuation {
  let worth: Decimal | null = ZERO;
  let open: Decimal | null = ZERO;
  for (const position of positions) {
    const size = new Decimal(position.quantity);
    if (size.isZero()) continue;
    const mark = markOf(position.symbol);
    const pnl = unrealized(position, mark);
    worth = worth === null || mark === null ? null : worth.plus(mark.times(size));
    open = open === null || pnl === null ? null : open.plus(pnl);
  }
  return {
    equity: worth === null ? null : worth.plus(account.cash),
    unrealized: open,
    realized: toDecimal(account.realized_pnl) ?? ZERO,
    fees: toDecimal(account.fees) ?? ZERO,
  };
}
