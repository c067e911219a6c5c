/**
 * The depth ladder: fixed price rows that never move under the pointer. A click takes the price under the pointer at
 * the moment it went down; without arming it only prepares an order, which a second step sends.
 */
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { Button } from '@/components/button';
import { compact } from '@/lib/decimal';
import { write } from '@/lib/hot-cell';
import type { Side } from '@/generated/shapes';
import { useDesk, useFacts, useLink, usePump, useSession, useStreams } from '@/stream/context';
import { useDeskActions } from '@/stream/actions';
import { mayTrade } from '@/stream/link';
import { workingOrders } from '@/stream/private-reducer';
import { centred, ownOrders, shouldCentre, tickAt, type OwnAtPrice } from '@/features/ladder/ladder-view';

const ROW_PX = 24;
const MAX_ROWS = 80;

interface Choice {
  side: Side;
  ticks: number;
}

export function Ladder() {
  const session = useSession();
  const actions = useDeskActions();
  const symbol = useDesk((state) => state.symbol);
  const armed = useDesk((state) => state.armed);
  const size = useDesk((state) => state.orderSize);
  const sizes = useDesk((state) => state.sizes);
  const centre = useDesk((state) => state.centre);
  const orders = useFacts((state) => state.orders);
  const queueAhead = useFacts((state) => state.queueAhead);
  const position = useFacts((state) => state.positions.get(symbol));
  const link = useLink((state) => state.state);
  const [rows, setRows] = useState(24);
  const [choice, setChoice] = useState<Choice | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const note = useRef<HTMLSpanElement>(null);
  const view = useRef({ top: 0, set: false, inside: false, down: false, cursor: null as number | null });
  const own = useRef<{ buys: Map<number, OwnAtPrice>; sells: Map<number, OwnAtPrice> }>({ buys: new Map(), sells: new Map() });
  useStreams(symbol === '' ? [] : [`book:${symbol}`, `trades:${symbol}`]);

  useEffect(() => {
    const element = scroll.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setRows(Math.max(8, Math.min(MAX_ROWS, Math.floor(element.clientHeight / ROW_PX)))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const middle = useCallback((): number | null => {
    const half = session.market.books.get(symbol)?.midHalfTicks();
    if (half !== null && half !== undefined) return Math.round(half / 2);
    return session.market.ticksOf(symbol, session.market.quotes.get(symbol)?.last);
  }, [session, symbol]);

  const draw = useCallback((): void => {
    const book = session.market.books.get(symbol);
    const lines = grid.current?.children;
    if (book === undefined || lines === undefined) return;
    const state = view.current;
    const mid = middle();
    if (mid !== null && (!state.set || shouldCentre({ top: state.top, rows, middle: mid, pointerInside: state.inside, buttonDown: state.down }))) {
      state.top = centred(mid, rows);
      state.set = true;
    }
    const lastTicks = session.market.ticksOf(symbol, session.market.quotes.get(symbol)?.last);
    let widest = 1;
    for (let row = 0; row < rows; row += 1) {
      const ticks = tickAt(state.top, row);
      widest = Math.max(widest, book.bids.levels.get(ticks)?.size ?? 0, book.asks.levels.get(ticks)?.size ?? 0);
    }
    const bestBid = book.bestBid()?.ticks;
    const bestAsk = book.bestAsk()?.ticks;
    for (let row = 0; row < rows; row += 1) {
      const line = lines[row] as HTMLElement | undefined;
      if (line === undefined) continue;
      const cells = line.children as unknown as HTMLElement[];
      const ticks = tickAt(state.top, row);
      const bid = book.bids.levels.get(ticks);
      const ask = book.asks.levels.get(ticks);
      const buys = own.current.buys.get(ticks);
      const sells = own.current.sells.get(ticks);
      if (cells[0]) ownCell(cells[0], buys);
      if (cells[1]) sizeCell(cells[1], bid?.size, widest);
      if (cells[2]) write(cells[2], session.market.priceOf(symbol, ticks), `${ticks === lastTicks ? 'ladder-last' : ''} ${ticks === state.cursor ? 'ladder-cursor' : ''} ${ticks === bestBid ? 'up' : ticks === bestAsk ? 'down' : ''}`);
      if (cells[3]) sizeCell(cells[3], ask?.size, widest);
      if (cells[4]) ownCell(cells[4], sells);
    }
    if (note.current) {
      const spread = bestBid !== undefined && bestAsk !== undefined ? `spread ${bestAsk - bestBid}` : 'one side empty';
      write(note.current, book.whole ? spread : 'repairing …', book.whole ? '' : 'text-warn');
    }
  }, [session, symbol, rows, middle]);

  usePump([`book:${symbol}`, `quote:${symbol}`], 50, draw);
  useEffect(() => {
    own.current = ownOrders(workingOrders(session.facts.getState()).filter((order) => order.symbol === symbol), (price) => session.market.ticksOf(symbol, price), queueAhead);
    draw();
  }, [session, symbol, orders, queueAhead, draw]);
  useEffect(() => {
    view.current.set = false;
    view.current.cursor = null;
    setChoice(null);
  }, [symbol, centre]);
  useEffect(() => {
    draw();
  }, [draw, centre]);

  const scrollBy = (ticks: number): void => {
    view.current.top += ticks;
    draw();
  };
  useEffect(() => {
    // React's wheel listeners are passive; the page must not scroll with the ladder.
    const element = scroll.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      view.current.top += event.deltaY > 0 ? -2 : 2;
      draw();
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [draw]);

  const place = (target: Choice): void => {
    setChoice(null);
    void actions.submit({ symbol, side: target.side, type: 'LIMIT', quantity: size, price: session.market.priceOf(symbol, target.ticks), time_in_force: 'DAY' });
  };
  const press = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const cell = (event.target as HTMLElement).closest<HTMLElement>('[data-col]');
    const row = Number(cell?.parentElement?.dataset.row ?? NaN);
    if (cell === null || Number.isNaN(row)) return;
    const ticks = tickAt(view.current.top, row);
    const column = cell.dataset.col;
    if (column === 'buys' || column === 'sells') {
      const mine = (column === 'buys' ? own.current.buys : own.current.sells).get(ticks);
      for (const order of mine?.orders ?? []) void actions.cancel(order);
      return;
    }
    view.current.cursor = ticks;
    if (column === 'price') {
      session.desk.getState().edit({ price: session.market.priceOf(symbol, ticks), type: 'LIMIT' });
      draw();
      return;
    }
    const target: Choice = { side: column === 'bids' ? 'BUY' : 'SELL', ticks };
    // A finger covers what it touches: taps always take the second step.
    if (armed && mayTrade(link) && event.pointerType === 'mouse') place(target);
    else setChoice(target);
    session.desk.getState().edit({ side: target.side, price: session.market.priceOf(symbol, ticks), type: 'LIMIT' });
    draw();
  };
  const key = (event: KeyboardEvent): void => {
    const state = view.current;
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const step = event.key === 'ArrowUp' ? 1 : -1;
      state.cursor = (state.cursor ?? middle() ?? state.top) + step;
      if (state.cursor > state.top) scrollBy(1);
      else if (state.cursor <= state.top - rows) scrollBy(-1);
      setChoice(null);
      draw();
    } else if (event.key === 'Enter' && choice !== null) place(choice);
    else if (event.key === 'Enter' && state.cursor !== null) {
      const mid = middle() ?? state.cursor;
      setChoice({ side: state.cursor <= mid ? 'BUY' : 'SELL', ticks: state.cursor });
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && choice !== null) {
      setChoice({ ...choice, side: event.key === 'ArrowLeft' ? 'BUY' : 'SELL' });
    } else if (event.key === 'Escape' && choice !== null) {
      setChoice(null);
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };

  return (
    <div className="flex h-full flex-col">
      <div className="panel-bar">
        <div role="radiogroup" aria-label="Order size" className="flex gap-1">
          {sizes.map((preset, index) => (
            <button key={preset + String(index)} type="button" role="radio" aria-checked={preset === size} title={`Key ${index + 1}`} className={`size-pick ${preset === size ? 'size-on' : ''}`} onClick={() => session.desk.getState().pickSize(index)}>
              {preset}
            </button>
          ))}
        </div>
        <span className="flex items-center gap-2 text-xs text-dim">
          <span ref={note} className="whitespace-nowrap" />
          <button type="button" className="btn btn-plain btn-small" title="Centre (C)" onClick={() => session.desk.getState().bump('centre')}>
            <svg viewBox="0 0 16 16" className="size-3.5" fill="none" stroke="currentColor" strokeWidth="1.4" aria-hidden="true"><circle cx="8" cy="8" r="4.2" /><path d="M8 1v4M8 11v4M1 8h4M11 8h4" /></svg>
            <span className="sr-only">Centre the ladder</span>
          </button>
        </span>
      </div>
      <div className="ladder-head" aria-hidden="true">
        <span>My buys</span><span>Bid</span><span>Price</span><span>Ask</span><span>My sells</span>
      </div>
      <div ref={scroll} className={`ladder-body ${armed ? 'ladder-armed' : ''} ${link === 'stale' || link === 'offline' ? 'is-stale' : ''}`}>
        <div
          ref={grid}
          role="grid"
          tabIndex={0}
          aria-label={`Depth ladder of ${symbol}. Arrow keys choose a price, Enter prepares an order, Enter again sends it.`}
          aria-rowcount={rows}
          onPointerDown={(event) => { view.current.down = true; press(event); }}
          onPointerUp={() => { view.current.down = false; }}
          onPointerCancel={() => { view.current.down = false; }}
          onPointerEnter={() => { view.current.inside = true; }}
          onPointerLeave={() => { view.current.inside = false; view.current.down = false; }}
          onKeyDown={key}
        >
          {Array.from({ length: rows }, (_, row) => (
            <div key={row} role="row" data-row={row} className="ladder-row">
              <span role="gridcell" data-col="buys" className="num ladder-own" />
              <span role="gridcell" data-col="bids" className="num ladder-size ladder-bid" title={`Buy ${size} here`} />
              <span role="gridcell" data-col="price" className="num ladder-price" />
              <span role="gridcell" data-col="asks" className="num ladder-size ladder-ask" title={`Sell ${size} here`} />
              <span role="gridcell" data-col="sells" className="num ladder-own" />
            </div>
          ))}
        </div>
      </div>
      {choice !== null ? (
        <div className={`ladder-confirm ${choice.side === 'BUY' ? 'bg-up-soft' : 'bg-down-soft'}`} role="group" aria-label="Confirm order">
          <span className="num flex-1 text-left!">
            {choice.side === 'BUY' ? 'Buy' : 'Sell'} {size} @ {session.market.priceOf(symbol, choice.ticks)}
          </span>
          <Button size="small" tone={choice.side === 'BUY' ? 'buy' : 'sell'} disabled={!mayTrade(link)} onClick={() => place(choice)}>
            Place
          </Button>
          <Button size="small" tone="ghost" aria-label="Drop this order" onClick={() => setChoice(null)}>✕</Button>
        </div>
      ) : (
        <div className="ladder-foot">
          <Button size="small" onClick={() => void actions.cancelAll({ symbol, side: 'BUY' })}>✕ Bids</Button>
          <Button size="small" onClick={() => void actions.cancelAll({ symbol })}>✕ All</Button>
          <Button size="small" onClick={() => void actions.cancelAll({ symbol, side: 'SELL' })}>✕ Asks</Button>
          <Button size="small" tone="danger" disabled={position === undefined || Number(position.quantity) === 0} onClick={() => void actions.flatten(symbol)}>Flatten</Button>
        </div>
      )}
    </div>
  );
}

function ownCell(cell: HTMLElement, mine: OwnAtPrice | undefined): void {
  write(cell, mine === undefined ? '' : `${compact(mine.quantity)}${mine.ahead === null ? '' : ` +${compact(Number(mine.ahead))}`}`, mine === undefined ? '' : 'has-own');
  const title = mine === undefined ? '' : `${mine.quantity} yours, ${mine.ahead ?? '?'} ahead in the queue. Click to cancel.`;
  if (cell.title !== title) cell.title = title;
}

function sizeCell(cell: HTMLElement, size: number | undefined, widest: number): void {
  write(cell, size === undefined ? '' : compact(size));
  const width = size === undefined ? '0%' : `${Math.max(2, Math.round((size / widest) * 100))}%`;
  if (cell.style.getPropertyValue('--w') !== width) cell.style.setProperty('--w', width);
}
