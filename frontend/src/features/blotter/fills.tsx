/** Every fill, newest first, with its liquidity and fee. */
import { Empty } from '@/components/states';
import { timeOfDay } from '@/lib/clock';
import { money, price, quantity } from '@/lib/decimal';
import { useFacts, useSession } from '@/stream/context';

const LIQUIDITY: Record<string, string> = { ADDED: 'Maker', REMOVED: 'Taker', AUCTION: 'Auction' };

export function Fills() {
  const session = useSession();
  const fills = useFacts((state) => state.fills);
  if (fills.length === 0) return <Empty>No fills yet.</Empty>;
  return (
    <div className="panel-scroll" tabIndex={0} role="region" aria-label="Fills">
      <table className="grid-table" aria-label="Fills">
        <thead>
          <tr><th className="text-left">Time</th><th className="text-left">Symbol</th><th className="text-left">Side</th><th>Quantity</th><th>Price</th><th className="text-left">Liquidity</th><th>Fee</th></tr>
        </thead>
        <tbody>
          {fills.slice(0, 200).map((fill) => (
            <tr key={fill.execution_id}>
              <td className="num text-left! text-dim">{timeOfDay(fill.sim_time)}</td>
              <th scope="row">{fill.symbol}</th>
              <td className={fill.side === 'BUY' ? 'up' : 'down'}>{fill.side === 'BUY' ? 'Bought' : 'Sold'}</td>
              <td className="num">{quantity(fill.last_quantity)}</td>
              <td className="num">{price(fill.last_price, session.market.scale(fill.symbol).digits)}</td>
              <td>{LIQUIDITY[fill.last_liquidity ?? ''] ?? '–'}</td>
              <td className="num text-dim">{money(fill.fee)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
