/** Keys, command palette, and the sheet of shortcuts. Trading keys do nothing unless the desk is armed. */
import { Command } from 'cmdk';
import { useEffect, useMemo, useState } from 'react';
import { tinykeys } from 'tinykeys';
import { Dialog } from '@/components/dialog';
import { useDesk, useSession } from '@/stream/context';
import { armingExpired } from '@/stream/desk-store';
import { bindings, isTyping, type Binding } from '@/features/palette/keys';

export interface PageLink {
  label: string;
  go: () => void;
}

function Sheet({ list }: { list: Binding[] }) {
  const groups = [...new Set(list.map((binding) => binding.group))];
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      {groups.map((group) => (
        <section key={group}>
          <h3 className="mb-2 text-xs font-semibold tracking-wide text-dim uppercase">{group}</h3>
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1.5 text-sm">
            {list.filter((binding) => binding.group === group && binding.shown !== '').map((binding) => (
              <div key={binding.keys} className="contents">
                <dt><kbd className="kbd">{binding.shown}</kbd></dt>
                <dd>{binding.label}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

export function Palette({ links }: { links: PageLink[] }) {
  const session = useSession();
  const armed = useDesk((state) => state.armed);
  const [open, setOpen] = useState(false);
  const [sheet, setSheet] = useState(false);
  const list = useMemo(() => bindings(session, { openPalette: () => setOpen(true), openSheet: () => setSheet(true) }), [session]);

  useEffect(() => {
    const map: Record<string, (event: KeyboardEvent) => void> = {};
    for (const binding of list) {
      map[binding.keys] = (event) => {
        const modified = binding.keys.startsWith('$mod');
        if (!modified && (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.repeat)) return;
        // Space on a focused button presses that button.
        if (binding.keys === 'Space' && event.target instanceof HTMLElement && event.target.closest('button, a, [role="grid"]') !== null) return;
        if (document.querySelector('[role="dialog"]') !== null && !modified) return;
        event.preventDefault();
        if (binding.armed === true) {
          if (!session.desk.getState().armed) {
            session.onNotice({ tone: 'info', title: 'Not armed', detail: 'Press Shift A to let single keys trade.' });
            return;
          }
          session.desk.getState().touch();
        }
        binding.run();
      };
    }
    map.Escape = () => session.desk.getState().arm(false);
    return tinykeys(window, map);
  }, [list, session]);

  useEffect(() => {
    const disarm = (): void => {
      if (session.desk.getState().armed) session.desk.getState().arm(false);
    };
    const idle = setInterval(() => { if (armingExpired(session.desk.getState(), Date.now())) disarm(); }, 5_000);
    window.addEventListener('blur', disarm);
    return () => {
      clearInterval(idle);
      window.removeEventListener('blur', disarm);
    };
  }, [session]);

  const choose = (work: () => void) => (): void => {
    setOpen(false);
    work();
  };
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title="Commands">
        <Command label="Commands" loop>
          <Command.Input className="input mb-2" placeholder="Symbol, action, page …" autoFocus />
          <Command.List className="palette-list">
            <Command.Empty className="p-3 text-dim">Nothing by that name.</Command.Empty>
            <Command.Group heading="Symbols">
              {[...session.market.instruments.values()].map((instrument) => (
                <Command.Item key={instrument.symbol} value={`${instrument.symbol} ${instrument.name}`} onSelect={choose(() => session.desk.getState().select(instrument.symbol))}>
                  <strong>{instrument.symbol}</strong> <span className="text-dim">{instrument.name}</span>
                </Command.Item>
              ))}
            </Command.Group>
            <Command.Group heading="Actions">
              {list.filter((binding) => binding.shown !== '' && binding.armed !== true && binding.label !== 'Command palette' && binding.label !== 'Find a symbol').map((binding) => (
                <Command.Item key={binding.keys} onSelect={choose(binding.run)}>
                  <span className="flex-1">{binding.label}</span>
                  <kbd className="kbd">{binding.shown}</kbd>
                </Command.Item>
              ))}
            </Command.Group>
            <Command.Group heading="Pages">
              {links.map((link) => (
                <Command.Item key={link.label} onSelect={choose(link.go)}>{link.label}</Command.Item>
              ))}
            </Command.Group>
          </Command.List>
        </Command>
      </Dialog>
      <Dialog open={sheet} close={() => setSheet(false)} title="Keyboard" describe="Trading keys work only while the desk is armed." wide>
        <Sheet list={list} />
      </Dialog>
      {armed && <div className="armed-frame" aria-hidden="true" />}
    </>
  );
}

export function ArmButton() {
  const session = useSession();
  const armed = useDesk((state) => state.armed);
  return (
    <button type="button" aria-pressed={armed} title="Arm single-key and single-click trading (Shift A)" className={`btn btn-small max-md:hidden ${armed ? 'armed-on' : 'btn-plain'}`} onClick={() => { if (armed || session.mayTrade()) session.desk.getState().arm(!armed); }}>
      {armed ? 'ARMED' : 'Arm'}
    </button>
  );
}
