/** The session's clock and its controls: pause, step, speed. Shows what the server says, never what was asked. */
import { useRef, useState } from 'react';
import { Button } from '@/components/button';
import { dayOf, timeOfDay } from '@/lib/clock';
import { write } from '@/lib/hot-cell';
import { useClock, usePump } from '@/stream/context';
import { SPEEDS, useClockActions } from '@/stream/clock-actions';

export function Transport() {
  const { paused, speed, phase, status } = useClock((state) => state);
  const actions = useClockActions();
  const [busy, setBusy] = useState(false);
  const time = useRef<HTMLSpanElement>(null);
  const day = useRef<HTMLSpanElement>(null);
  usePump(['time'], 200, (market) => {
    if (time.current) write(time.current, timeOfDay(market.simTime));
    if (day.current) write(day.current, dayOf(market.simTime));
  });
  const run = (work: () => Promise<void>): void => {
    setBusy(true);
    void work().finally(() => setBusy(false));
  };
  const mode = status === 'MOVING' ? 'MOVING' : status !== 'READY' ? status : paused ? 'PAUSED' : 'LIVE-SIM';
  return (
    <div className="flex items-center gap-2" role="group" aria-label="Session clock">
      <span className={`chip ${mode === 'LIVE-SIM' ? 'chip-good' : 'chip-warn'}`} data-testid="mode">{mode}{speed !== 1 && !paused ? ` ×${speed}` : ''}</span>
      <span className="flex flex-col leading-tight">
        <span ref={time} className="num text-left! text-[15px] font-semibold" data-testid="sim-time" />
        <span ref={day} className="hidden text-[11px] text-dim sm:block" />
      </span>
      {phase !== null && phase !== 'CONTINUOUS' && <span className="chip">{phase.replaceAll('_', ' ').toLowerCase()}</span>}
      <Button size="small" aria-label={paused ? 'Resume (Space)' : 'Pause (Space)'} title={paused ? 'Resume (Space)' : 'Pause (Space)'} disabled={busy || status === 'STOPPED'} onClick={() => run(actions.toggle)}>
        {paused ? '▶' : '❚❚'}
      </Button>
      <Button size="small" className="max-md:hidden" aria-label="Step to the next event" title="Step to the next event" disabled={busy || !paused} onClick={() => run(actions.step)}>
        ▶❙
      </Button>
      <label className="max-md:hidden">
        <span className="sr-only">Speed</span>
        <select className="input min-h-6! w-auto! py-0 text-xs" value={SPEEDS.includes(speed) ? speed : ''} disabled={busy} onChange={(event) => run(() => actions.speed(Number(event.target.value)))}>
          {!SPEEDS.includes(speed) && <option value="">{speed}×</option>}
          {SPEEDS.map((each) => <option key={each} value={each}>{each}×</option>)}
        </select>
      </label>
    </div>
  );
}
