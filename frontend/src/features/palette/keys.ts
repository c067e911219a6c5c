/** The keyboard map: one table for the handler, the sheet and the palette, so that they cannot disagree. */
import { deskActions } from '@/stream/actions';
import { clockActions } from '@/stream/clock-actions';
import { isLive, workingOrders } from '@/stream/private-reducer';
import type { TradingSession } from '@/stream/session';

export interface Binding {
  /** tinykeys notation. */
  keys: string;
  shown: string;
  label: string;
  group: 'Order entry' | 'Trading (armed)' | 'Session' | 'View';
  armed?: boolean;
  run: () => void;
}

export interface PaletteHooks {
  openPalette: () => void;
  openSheet: () => void;
}

export function bindings(session: TradingSession, hooks: PaletteHooks): Binding[] {
  const desk = session.desk;
  const actions = deskActions(session);
  const clock = clockActions(session);
  const symbol = (): string => desk.getState().symbol;
  const market = (side: 'BUY' | 'SELL') => (): void => {
    void actions.submit({ symbol: symbol(), side, type: 'MARKET', quantity: desk.getState().orderSize, time_in_force: 'DAY' });
  };
  const join = (side: 'BUY' | 'SELL') => (): void => {
    const quote = session.market.quotes.get(symbol());
    const price = side === 'BUY' ? quote?.bid : quote?.ask;
    if (!price) return;
    void actions.submit({ symbol: symbol(), side, type: 'LIMIT', quantity: desk.getState().orderSize, price, time_in_force: 'DAY' });
  };
  const focus = (side: 'BUY' | 'SELL') => (): void => {
    desk.getState().edit({ side });
    desk.getState().show('trade');
    desk.getState().bump('focusTicket');
  };
  const cancelLast = (): void => {
    const last = workingOrders(session.facts.getState()).find((order) => order.symbol === symbol());
    if (last !== undefined && isLive(last)) void actions.cancel(last);
  };
  return [
    { keys: '$mod+k', shown: 'Ctrl K', label: 'Command palette', group: 'View', run: hooks.openPalette },
    { keys: '/', shown: '/', label: 'Find a symbol', group: 'View', run: hooks.openPalette },
    { keys: '?', shown: '?', label: 'This sheet', group: 'View', run: hooks.openSheet },
    { keys: 'Shift+?', shown: '', label: '', group: 'View', run: hooks.openSheet },
    { keys: 'c', shown: 'C', label: 'Centre the ladder', group: 'View', run: () => desk.getState().bump('centre') },
    { keys: 'b', shown: 'B', label: 'Ticket: buy', group: 'Order entry', run: focus('BUY') },
    { keys: 's', shown: 'S', label: 'Ticket: sell', group: 'Order entry', run: focus('SELL') },
    ...[0, 1, 2, 3, 4].map((index): Binding => ({ keys: String(index + 1), shown: index === 0 ? '1 … 5' : '', label: 'Size preset', group: 'Order entry', run: () => desk.getState().pickSize(index) })),
    { keys: 'x', shown: 'X', label: 'Cancel the newest order of the symbol', group: 'Order entry', run: cancelLast },
    { keys: 'Shift+X', shown: 'Shift X', label: 'Cancel all orders of the symbol', group: 'Order entry', run: () => void actions.cancelAll({ symbol: symbol() }) },
    { keys: 'Shift+A', shown: 'Shift A', label: 'Arm or disarm one-press trading', group: 'Trading (armed)', run: () => { if (session.mayTrade()) desk.getState().arm(!desk.getState().armed); } },
    { keys: 'Shift+B', shown: 'Shift B', label: 'Buy at market', group: 'Trading (armed)', armed: true, run: market('BUY') },
    { keys: 'Shift+S', shown: 'Shift S', label: 'Sell at market', group: 'Trading (armed)', armed: true, run: market('SELL') },
    { keys: 'j', shown: 'J', label: 'Join the bid', group: 'Trading (armed)', armed: true, run: join('BUY') },
    { keys: 'Shift+J', shown: 'Shift J', label: 'Join the ask', group: 'Trading (armed)', armed: true, run: join('SELL') },
    { keys: 'f', shown: 'F', label: 'Flatten the symbol', group: 'Trading (armed)', armed: true, run: () => void actions.flatten(symbol()) },
    { keys: 'Space', shown: 'Space', label: 'Pause or resume the session', group: 'Session', run: () => void clock.toggle() },
    { keys: '[', shown: '[', label: 'Slower', group: 'Session', run: () => void clock.faster(-1) },
    { keys: ']', shown: ']', label: 'Faster', group: 'Session', run: () => void clock.faster(1) },
  ];
}

/** Single keys belong to a text field or an open dialog while one has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('[role="dialog"]') !== null;
}
