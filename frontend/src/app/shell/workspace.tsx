/** The panels: docked on a wide screen, one at a time under tabs on a narrow one. */
import { lazy, Suspense, useSyncExternalStore } from 'react';
import { Skeleton } from '@/components/states';
import { useDesk, useFacts, useSession } from '@/stream/context';
import { isLive } from '@/stream/private-reducer';
import { panel, PANELS } from '@/app/shell/panels';

const Dock = lazy(() => import('@/app/shell/dock').then((module) => ({ default: module.Dock })));

const wide = typeof matchMedia === 'undefined' ? null : matchMedia('(min-width: 1024px)');

function useWide(): boolean {
  return useSyncExternalStore(
    (changed) => {
      wide?.addEventListener('change', changed);
      return () => wide?.removeEventListener('change', changed);
    },
    () => wide?.matches ?? true,
  );
}

const TABS = [
  { id: 'watch', label: 'Watch', icon: '☰' },
  { id: 'chart', label: 'Chart', icon: '▥' },
  { id: 'trade', label: 'Trade', icon: '⇅' },
  { id: 'positions', label: 'Positions', icon: '◧' },
  { id: 'more', label: 'More', icon: '⋯' },
] as const;

function MobileSymbols() {
  const session = useSession();
  const symbol = useDesk((state) => state.symbol);
  return (
    <div className="flex gap-1 overflow-x-auto border-b border-line bg-panel p-2" role="radiogroup" aria-label="Symbol">
      {[...session.market.instruments.keys()].map((each) => (
        <button key={each} type="button" role="radio" aria-checked={each === symbol} className={`size-pick px-3 ${each === symbol ? 'size-on' : ''}`} onClick={() => session.desk.getState().select(each)}>
          {each}
        </button>
      ))}
    </div>
  );
}

function Stacked({ ids }: { ids: string[] }) {
  return (
    <div className="flex flex-col gap-2">
      {ids.map((id) => (
        <section key={id} className="mobile-section">
          <h2 className="px-3 pt-2 text-xs font-semibold tracking-wide text-dim uppercase">{PANELS[id]?.title}</h2>
          {panel(id)}
        </section>
      ))}
    </div>
  );
}

function Mobile() {
  const session = useSession();
  const tab = useDesk((state) => state.mobileTab);
  const working = useFacts((state) => [...state.orders.values()].filter(isLive).length);
  return (
    <>
      {tab !== 'watch' && tab !== 'more' && <MobileSymbols />}
      <div className="min-h-0 flex-1 overflow-y-auto bg-panel" role="tabpanel" id="mobile-panel" aria-labelledby={`tab-${tab}`}>
        {tab === 'watch' && panel('watchlist')}
        {tab === 'chart' && panel('chart')}
        {tab === 'trade' && (
          <div className="mobile-trade">
            <div className="mobile-ladder">{panel('ladder')}</div>
            {panel('ticket')}
          </div>
        )}
        {tab === 'positions' && <Stacked ids={['positions', 'orders', 'fills']} />}
        {tab === 'more' && <Stacked ids={['account', 'tape', 'history']} />}
      </div>
      <nav className="bottom-tabs" role="tablist" aria-label="Panels">
        {TABS.map((each) => (
          <button key={each.id} type="button" role="tab" id={`tab-${each.id}`} aria-selected={tab === each.id} aria-controls="mobile-panel" className={tab === each.id ? 'tab-on' : ''} onClick={() => session.desk.getState().show(each.id)}>
            <span aria-hidden="true" className="text-base leading-none">{each.icon}</span>
            {each.label}
            {each.id === 'positions' && working > 0 && <span className="tab-count">{working}</span>}
          </button>
        ))}
      </nav>
    </>
  );
}

export function Workspace() {
  const isWide = useWide();
  return (
    <main className="relative flex min-h-0 flex-1 flex-col">
      {isWide ? <Suspense fallback={<Skeleton rows={12} label="Loading workspace" />}><Dock /></Suspense> : <Mobile />}
    </main>
  );
}
