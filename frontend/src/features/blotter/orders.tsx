/** Working orders: amend in place, cancel one or all, see the queue. Orders nobody confirmed yet are hollow. */
import { useMemo, useState } from 'react';
import { Button } from '@/components/button';
import { Empty } from '@/components/states';
import type { Order } from '@/generated/shapes';
import { timeOfDay } from '@/lib/clock';
import { price, quantity } from '@/lib/decimal';
import { refusal } from '@/lib/problem';
import { useDeskActions } from '@/stream/actions';
import { useFacts, useSession } from '@/stream/context';
import { isLive, type LocalOrder } from '@/stream/private-reducer';
import { StateChip } from '@/features/blotter/state-chip';

const AMENDABLE = /^\d+(\.\d+)?$/;

function AmendCells({ order, done }: { order: Order; done: () => void }) {
  const actions = useDeskActions();
  const [size, setSize] = useState(order.quantity);
  const [limit, setLimit] = useState(order.price ?? '');
  const sound = AMENDABLE.test(size) && (order.price === null || AMENDABLE.test(limit));
  const send = (): void => {
    if (!sound) return;
    const change = { ...(size === order.quantity ? {} : { quantity: size }), ...(limit === (order.price ?? '') ? {} : { price: limit }) };
    done();
    if (Object.keys(change).length > 0) void actions.replace(order, change);
  };
  const keys = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') send();
    if (event.key === 'Escape') {
      event.stopPropagation();
      done();
    }
  };
  return (
    <>
      <td><input className="input cell-input" autoFocus aria-label="New total quantity" value={size} onChange={(event) => setSize(event.target.value.trim())} onKeyDown={keys} /></td>
      <td><input className="input cell-input" aria-label="New limit price" value={limit} disabled={order.price === null} onChange={(event) => setLimit(event.target.value.trim())} onKeyDown={keys} /></td>
      <td colSpan={5} className="text-right">
        <span className="inline-flex gap-1">
          <Button size="small" tone="primary" disabled={!sound} onClick={send}>Amend</Button>
          <Button size="small" tone="ghost" onClick={done}>Keep</Button>
        </span>
      </td>
    </>
  );
}

function LocalRow({ order }: { order: LocalOrder }) {
  return (
    <tr className="row-hollow">
      <td className="text-dim max-sm:hidden">–</td>
      <th scope="row">{order.symbol}</th>
      <td className={order.side === 'BUY' ? 'up' : 'down'}>{order.side === 'BUY' ? 'Buy' : 'Sell'}</td>
      <td className="num">{quantity(order.quantity)}</td>
      <td className="num">{order.price === null ? 'Market' : price(order.price)}</td>
      <td className="num">–</td>
      <td className="num">–</td>
      <td>{order.time_in_force}</td>
      <td><StateChip status={order.state === 'sending' ? 'SENDING' : 'UNKNOWN'} /></td>
      <td />
    </tr>
  );
}

export function Orders({ past = false }: { past?: boolean }) {
  const session = useSession();
  const actions = useDeskActions();
  const all = useFacts((state) => state.orders);
  const locals = useFacts((state) => state.locals);
  const asked = useFacts((state) => state.asked);
  const queueAhead = useFacts((state) => state.queueAhead);
  const [amending, setAmending] = useState<string | null>(null);
  const rows = useMemo(() => [...all.values()].filter((order) => isLive(order) !== past).sort((a, b) => b.seq - a.seq).slice(0, 200), [all, past]);
  const pending = past ? [] : [...locals.values()];
  if (rows.length === 0 && pending.length === 0) {
    return <Empty>{past ? 'Orders that ended are listed here.' : <>No working orders. Press <kbd className="kbd">B</kbd> or click the ladder.</>}</Empty>;
  }
  return (
    <div className="flex h-full flex-col">
      {!past && (
        <div className="panel-bar">
          <span className="text-xs text-dim">{rows.length} working</span>
          <Button size="small" tone="danger" disabled={rows.length === 0} onClick={() => void actions.cancelAll({})}>Cancel all</Button>
        </div>
      )}
      <div className="panel-scroll">
        <table className="grid-table" aria-label={past ? 'Ended orders' : 'Working orders'}>
          <thead>
            <tr>
              <th className="text-left max-sm:hidden">Time</th><th className="text-left">Symbol</th><th className="text-left">Side</th><th>Quantity</th><th>Limit</th><th>Filled</th><th title="Quantity ahead in the queue">{past ? 'Average' : 'Ahead'}</th><th className="text-left">TIF</th><th className="text-left">State</th><th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {pending.map((order) => <LocalRow key={order.client_order_id} order={order} />)}
            {rows.map((order) => {
              const digits = session.market.scale(order.symbol).digits;
              return (
                <tr key={order.order_id} data-order={order.client_order_id} title={order.text}>
                  <td className="text-dim num text-left! max-sm:hidden">{timeOfDay(order.sim_time)}</td>
                  <th scope="row"><button type="button" className="hover:underline" onClick={() => session.desk.getState().select(order.symbol)}>{order.symbol}</button></th>
                  <td className={order.side === 'BUY' ? 'up' : 'down'}>{order.side === 'BUY' ? 'Buy' : 'Sell'}</td>
                  {amending === order.order_id ? (
                    <AmendCells order={order} done={() => setAmending(null)} />
                  ) : (
                    <>
                      <td className="num">{quantity(order.quantity)}</td>
                      <td className="num">{order.price === null ? 'Market' : price(order.price, digits)}</td>
                      <td className="num">{quantity(order.cum_quantity)}</td>
                      <td className="num">{past ? price(order.average_price, digits) : quantity(queueAhead.get(order.client_order_id) ?? order.quantity_ahead)}</td>
                      <td>{order.time_in_force}</td>
                      <td><StateChip status={order.status} asked={asked.get(order.order_id)} />{past && order.reject_code !== null && <span className="ml-2 text-xs text-dim">{refusal(order.reject_code, order.text)}</span>}</td>
                      <td className="text-right">
                        {!past && (
                          <span className="inline-flex gap-1">
                            <Button size="small" tone="ghost" aria-label={`Amend ${order.symbol} order`} onClick={() => setAmending(order.order_id)}>Amend</Button>
                            <Button size="small" tone="ghost" aria-label={`Cancel ${order.symbol} order`} onClick={() => void actions.cancel(order)}>Cancel</Button>
                          </span>
                        )}
                      </td>
                    </>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
