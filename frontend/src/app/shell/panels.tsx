/** Every panel by its id, each inside its own boundary: one that crashes takes nothing else with it. */
import { lazy, Suspense, type ReactNode } from 'react';
import { Empty, PanelBoundary, Skeleton } from '@/components/states';
import { AccountPanel } from '@/features/account/account';
import { Fills } from '@/features/blotter/fills';
import { Orders } from '@/features/blotter/orders';
import { Positions } from '@/features/blotter/positions';
import { Ladder } from '@/features/ladder/ladder';
import { Tape } from '@/features/tape/tape';
import { Ticket } from '@/features/ticket/ticket';
import { Watchlist } from '@/features/watchlist/watchlist';

const Chart = lazy(() => import('@/features/chart/chart').then((module) => ({ default: module.Chart })));

export const PANELS: Record<string, { title: string; draw: () => ReactNode }> = {
  watchlist: { title: 'Watchlist', draw: () => <Watchlist /> },
  chart: { title: 'Chart', draw: () => <Suspense fallback={<Skeleton label="Loading chart" />}><Chart /></Suspense> },
  ladder: { title: 'Depth', draw: () => <Ladder /> },
  tape: { title: 'Time & sales', draw: () => <Tape /> },
  ticket: { title: 'Order ticket', draw: () => <Ticket /> },
  orders: { title: 'Working orders', draw: () => <Orders /> },
  history: { title: 'Order history', draw: () => <Orders past /> },
  positions: { title: 'Positions', draw: () => <Positions /> },
  fills: { title: 'Fills', draw: () => <Fills /> },
  account: { title: 'Account', draw: () => <AccountPanel /> },
};

export function panel(id: string): ReactNode {
  const found = PANELS[id];
  if (found === undefined) return <Empty>This version has no panel called “{id}”.</Empty>;
  return <PanelBoundary name={found.title}>{found.draw()}</PanelBoundary>;
}
