/**
 * What the trader is looking at and about to do: symbol, ticket draft, arming, sizes. Shared by the panels of one
 * terminal; nothing here is a fact of the venue.
 */
import { createStore } from 'zustand/vanilla';
import { DISARM_AFTER_MS } from '@/config/runtime';
import type { OrderType, Side, TimeInForce } from '@/generated/shapes';

export interface TicketDraft {
  side: Side;
  type: OrderType;
  quantity: string;
  price: string;
  timeInForce: TimeInForce;
}

export interface DeskState {
  symbol: string;
  draft: TicketDraft;
  armed: boolean;
  armedAt: number;
  sizes: string[];
  interval: string;
  mobileTab: 'watch' | 'chart' | 'trade' | 'positions' | 'more';
  /** Rises to ask the ladder to centre, and the ticket to take the focus. */
  centre: number;
  focusTicket: number;
  orderSize: string;
  select: (symbol: string) => void;
  edit: (change: Partial<TicketDraft>) => void;
  arm: (on: boolean) => void;
  touch: () => void;
  pickSize: (index: number) => void;
  show: (tab: DeskState['mobileTab']) => void;
  setInterval: (interval: string) => void;
  bump: (what: 'centre' | 'focusTicket') => void;
}

export type DeskStore = ReturnType<typeof createDeskStore>;

export function createDeskStore(now: () => number = Date.now) {
  return createStore<DeskState>()((set, get) => ({
    symbol: '',
    draft: { side: 'BUY', type: 'LIMIT', quantity: '100', price: '', timeInForce: 'DAY' },
    armed: false,
    armedAt: 0,
    sizes: ['10', '50', '100', '250', '500'],
    interval: '1m',
    mobileTab: 'chart',
    centre: 0,
    focusTicket: 0,
    orderSize: '100',
    select: (symbol) => {
      if (symbol === get().symbol) return;
      // A price typed for one symbol must never be sent for another.
      set((state) => ({ symbol, draft: { ...state.draft, price: '' } }));
    },
    edit: (change) => set((state) => ({ draft: { ...state.draft, ...change } })),
    arm: (on) => set({ armed: on, armedAt: now() }),
    touch: () => {
      if (get().armed) set({ armedAt: now() });
    },
    pickSize: (index) => {
      const size = get().sizes[index];
      if (size !== undefined) set((state) => ({ orderSize: size, draft: { ...state.draft, quantity: size } }));
    },
    show: (mobileTab) => set({ mobileTab }),
    setInterval: (interval) => set({ interval }),
    bump: (what) => set((state) => ({ [what]: state[what] + 1 })),
  }));
}

/** True when the arming has lain idle too long. */
export function armingExpired(state: Pick<DeskState, 'armed' | 'armedAt'>, nowMs: number): boolean {
  return state.armed && nowMs - state.armedAt > DISARM_AFTER_MS;
}
