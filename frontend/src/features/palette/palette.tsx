/** Keys, command palette, and the sheet of shortcuts. Trading keys do nothing unless the desk is armed. */
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { tinykeys } from 'tinykeys';
import { useDesk, useSession } from '@/stream/context';
import { armingExpired } from '@/stream/desk-store';
import { bindings, isTyping } from '@/features/palette/keys';

const PaletteDialogs = lazy(() => import('@/features/palette/palette-dialogs').then((module) => ({ default: module.PaletteDialogs })));

export interface PageLink {
  label: string;
  go: () => void;
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

  return (
    <>
      {(open || sheet) && (
        <Suspense>
          <PaletteDialogs list={list} links={links} open={open} setOpen={setOpen} sheet={sheet} setSheet={setSheet} />
        </Suspense>
      )}
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
