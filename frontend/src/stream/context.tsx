/** The open session for the panels under it, and the hooks by which they follow it. */
import { createContext, use, useEffect, useRef, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { Decimal } from '@/lib/decimal';
import type { LinkReport } from '@/stream/client';
import type { DeskState } from '@/stream/desk-store';
import type { MarketStore } from '@/stream/market-store';
import type { PrivateState } from '@/stream/private-reducer';
import type { ClockState, TradingSession } from '@/stream/session';

const Context = createContext<TradingSession | null>(null);

export function SessionProvider({ session, children }: { session: TradingSession; children: ReactNode }) {
  return <Context value={session}>{children}</Context>;
}

export function useSession(): TradingSession {
  const session = use(Context);
  if (session === null) throw new Error('No trading session is open here.');
  return session;
}

export function useFacts<T>(select: (state: PrivateState) => T): T {
  return useStore(useSession().facts, select);
}

export function useDesk<T>(select: (state: DeskState) => T): T {
  return useStore(useSession().desk, select);
}

export function useLink<T>(select: (state: LinkReport) => T): T {
  return useStore(useSession().link, select);
}

export function useClock<T>(select: (state: ClockState) => T): T {
  return useStore(useSession().clock, select);
}

/** Stay subscribed to these streams while mounted. */
export function useStreams(names: string[]): void {
  const session = useSession();
  const key = names.join('|');
  useEffect(() => {
    const stops = key === '' ? [] : key.split('|').map((name) => session.follow(name));
    return () => stops.forEach((stop) => stop());
  }, [session, key]);
}

/**
 * Draw outside React at most every `everyMs` when one of `topics` changed. `draw` is always the newest one given,
 * and is called once at mount.
 */
export function usePump(topics: string[], everyMs: number, draw: (market: MarketStore) => void): void {
  const session = useSession();
  const latest = useRef(draw);
  useEffect(() => {
    latest.current = draw;
  });
  const key = topics.join('|');
  useEffect(() => {
    const watched = key.split('|');
    return session.pump.follow({
      everyMs,
      version: () => {
        let sum = 0;
        for (const topic of watched) sum += session.market.version(topic);
        return sum;
      },
      draw: () => latest.current(session.market),
    });
  }, [session, key, everyMs]);
}

/** The middle of the quote, the last price where a side is empty, or null. */
export function markOf(market: MarketStore, symbol: string): Decimal | null {
  const quote = market.quotes.get(symbol);
  if (quote === undefined) return null;
  if (quote.bid !== null && quote.ask !== null) return new Decimal(quote.bid).plus(quote.ask).div(2);
  return quote.last === null ? null : new Decimal(quote.last);
}
