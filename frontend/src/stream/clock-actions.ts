/** Pause, resume, step and speed. The answer of the server is what the terminal shows. */
import { useMemo } from 'react';
import type { SessionDetail } from '@/generated/shapes';
import { send } from '@/lib/http';
import { explain } from '@/lib/problem';
import { uuid7 } from '@/lib/uuid';
import { useSession } from '@/stream/context';
import type { TradingSession } from '@/stream/session';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

export interface ClockActions {
  toggle: () => Promise<void>;
  step: () => Promise<void>;
  speed: (speed: number) => Promise<void>;
  faster: (direction: 1 | -1) => Promise<void>;
}

export function clockActions(session: TradingSession): ClockActions {
  const ask = async (body: Record<string, unknown>): Promise<void> => {
    try {
      const { data } = await send<Partial<SessionDetail>>('POST', `/sessions/${session.id}/clock`, { body, headers: { 'Idempotency-Key': uuid7() }, timeoutMs: 5_000 });
      const action = body.action;
      session.setClock({
        heardAt: performance.now(),
        ...(action === 'pause' ? { paused: true } : action === 'resume' ? { paused: false } : {}),
        ...(typeof data.paused === 'boolean' ? { paused: data.paused } : {}),
        ...(data.speed === undefined || Number(data.speed) <= 0 ? {} : { speed: Number(data.speed) }),
        ...(data.sim_time === undefined || data.sim_time === null ? {} : { simTime: data.sim_time }),
      });
    } catch (failure) {
      session.onNotice({ tone: 'bad', title: 'The clock did not follow', detail: explain(failure) });
    }
  };
  const speed = (value: number): Promise<void> => ask({ action: 'speed', speed: String(value) });
  return {
    toggle: () => ask({ action: session.clock.getState().paused ? 'resume' : 'pause' }),
    step: () => ask({ action: 'step' }),
    speed,
    faster: (direction) => {
      const now = session.clock.getState().speed;
      const sorted = direction > 0 ? SPEEDS.find((each) => each > now) : SPEEDS.findLast((each) => each < now);
      return sorted === undefined ? Promise.resolve() : speed(sorted);
    },
  };
}

export function useClockActions(): ClockActions {
  const session = useSession();
  return useMemo(() => clockActions(session), [session]);
}
