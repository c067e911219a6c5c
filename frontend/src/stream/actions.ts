/** The desk's commands with their words: every panel that trades says the same about what came of it. */
import { useMemo } from 'react';
import type { Order } from '@/generated/shapes';
import { explain } from '@/lib/problem';
import type { CommandOutcome, NewOrder } from '@/stream/commands';
import { useSession } from '@/stream/context';
import { mayTrade } from '@/stream/link';
import type { TradingSession } from '@/stream/session';

export interface DeskActions {
  submit: (order: NewOrder) => Promise<CommandOutcome | null>;
  cancel: (order: Order) => Promise<void>;
  replace: (order: Order, change: { quantity?: string; price?: string }) => Promise<boolean>;
  cancelAll: (filter: { symbol?: string; side?: string }) => Promise<void>;
  flatten: (symbol: string) => Promise<void>;
}

export function deskActions(session: TradingSession): DeskActions {
  const failed = (title: string, failure: unknown): void => session.onNotice({ tone: 'bad', title, detail: explain(failure) });
  const tell = (what: string, outcome: CommandOutcome): boolean => {
    if (outcome.kind === 'refused') failed(`${what} refused`, outcome.problem);
    else if (outcome.kind === 'unknown') {
      session.onNotice({ tone: 'bad', title: `${what}: outcome unknown`, detail: 'No answer came. It is shown as reconciling; nothing is sent again.' });
    }
    return outcome.kind === 'done';
  };
  return {
    submit: async (order) => {
      session.desk.getState().touch();
      if (!mayTrade(session.link.getState().state)) {
        session.onNotice({ tone: 'bad', title: 'Order not sent', detail: 'The connection is down and prices may be old. Cancels still work.' });
        return null;
      }
      try {
        const outcome = await session.commands.submit(order);
        tell(`${order.side === 'BUY' ? 'Buy' : 'Sell'} ${order.quantity} ${order.symbol}`, outcome);
        return outcome;
      } catch (failure) {
        failed('Order not sent', failure);
        return null;
      }
    },
    cancel: async (order) => {
      try {
        tell(`Cancel ${order.symbol}`, await session.commands.cancel(order));
      } catch (failure) {
        failed('Cancel failed', failure);
      }
    },
    replace: async (order, change) => {
      try {
        return tell(`Amend ${order.symbol}`, await session.commands.replace(order, change));
      } catch (failure) {
        failed('Amend failed', failure);
        return false;
      }
    },
    cancelAll: async (filter) => {
      try {
        await session.commands.cancelAll(filter);
      } catch (failure) {
        failed('Cancel all failed', failure);
      }
    },
    flatten: async (symbol) => {
      try {
        await session.commands.flatten(symbol);
      } catch (failure) {
        failed(`Flatten ${symbol} failed`, failure);
      }
    },
  };
}

export function useDeskActions(): DeskActions {
  const session = useSession();
  return useMemo(() => deskActions(session), [session]);
}
