/** The docked workspace. Its layout is kept on the server; an unreadable one is replaced by the default. */
import { Actions, Layout, Model, type IJsonModel, type TabNode } from 'flexlayout-react';
import { useEffect, useState } from 'react';
import { keepLayout, loadLayout, RESET_LAYOUT } from '@/app/shell/layout-store';
import { panel } from '@/app/shell/panels';
import { Skeleton } from '@/components/states';

const tab = (component: string, name: string) => ({ type: 'tab', component, name, enableClose: false, enableRename: false, id: component });

export const DEFAULT_LAYOUT: IJsonModel = {
  global: { splitterSize: 4, splitterExtra: 4, tabSetMinWidth: 140, tabSetMinHeight: 100, tabEnablePopout: false, tabSetEnableMaximize: true, tabEnableRenderOnDemand: true },
  layout: {
    type: 'row',
    children: [
      { type: 'row', weight: 23, children: [
        { type: 'tabset', weight: 52, children: [tab('watchlist', 'Watchlist')] },
        { type: 'tabset', weight: 48, children: [tab('account', 'Account')] },
      ] },
      { type: 'row', weight: 41, children: [
        { type: 'tabset', weight: 64, children: [tab('chart', 'Chart')] },
        { type: 'tabset', weight: 36, children: [tab('orders', 'Working orders'), tab('positions', 'Positions'), tab('fills', 'Fills'), tab('history', 'Order history')] },
      ] },
      { type: 'tabset', weight: 18, children: [tab('ladder', 'Depth')] },
      { type: 'row', weight: 18, children: [
        { type: 'tabset', weight: 58, children: [tab('ticket', 'Order ticket')] },
        { type: 'tabset', weight: 42, children: [tab('tape', 'Time & sales')] },
      ] },
    ],
  },
} as IJsonModel;

function readable(stored: IJsonModel | null): Model {
  if (stored !== null) {
    try {
      return Model.fromJson({ ...stored, global: DEFAULT_LAYOUT.global });
    } catch {
      // Written by another version, or by hand: the default is better than no terminal.
    }
  }
  return Model.fromJson(DEFAULT_LAYOUT);
}

export function Dock() {
  const [model, setModel] = useState<Model | null>(null);
  useEffect(() => {
    let gone = false;
    void loadLayout().then((stored) => {
      if (!gone) setModel(readable(stored));
    });
    const restart = (): void => {
      setModel(Model.fromJson(DEFAULT_LAYOUT));
      keepLayout(DEFAULT_LAYOUT);
    };
    window.addEventListener(RESET_LAYOUT, restart);
    return () => {
      gone = true;
      window.removeEventListener(RESET_LAYOUT, restart);
    };
  }, []);
  return model === null ? <Skeleton label="Loading your workspace" /> : <Docked model={model} />;
}

function Docked({ model }: { model: Model }) {
  useEffect(() => {
    // F6 and Shift+F6 walk through the panels.
    const order = ['watchlist', 'chart', 'orders', 'ladder', 'ticket', 'tape', 'account'];
    let place = -1;
    const walk = (event: KeyboardEvent): void => {
      if (event.key !== 'F6') return;
      event.preventDefault();
      place = (place + (event.shiftKey ? -1 : 1) + order.length) % order.length;
      const id = order[place] ?? 'chart';
      model.doAction(Actions.selectTab(id));
      document.querySelector<HTMLElement>(`[data-panel="${id}"]`)?.focus();
    };
    window.addEventListener('keydown', walk);
    return () => window.removeEventListener('keydown', walk);
  }, [model]);
  return (
    <div className="relative min-h-0 flex-1">
      <Layout model={model} realtimeResize onModelChange={(changed) => keepLayout(changed.toJson())} factory={(node: TabNode) => <div className="panel" tabIndex={-1} data-panel={node.getComponent()}>{panel(node.getComponent() ?? '')}</div>} />
    </div>
  );
}
