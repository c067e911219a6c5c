/** The steps of a session's start as the server reports them, each with the time it took. */
import { useEffect, useRef, useState } from 'react';
import { Button } from '@/components/button';
import { Dialog } from '@/components/dialog';
import type { ProgressStep } from '@/generated/shapes';
import { get } from '@/lib/http';
import { explain } from '@/lib/problem';
import type { SessionDetail } from '@/generated/shapes';
import { followProgress, stopSession } from '@/features/lobby/api';

interface SeenStep {
  step: string;
  message: string;
  atMs: number | null;
}

export function StartProgress({ sessionId, ready, abandon }: { sessionId: string; ready: () => void; abandon: () => void }) {
  const [steps, setSteps] = useState<SeenStep[]>([]);
  const [latest, setLatest] = useState<ProgressStep | null>(null);
  const [problem, setProblem] = useState('');
  const [attempt, setAttempt] = useState(0);
  const onReady = useRef(ready);
  useEffect(() => {
    onReady.current = ready;
  });

  useEffect(() => {
    const abort = new AbortController();
    let over = false;
    const finish = (): void => {
      if (over) return;
      over = true;
      onReady.current();
    };
    const run = async (): Promise<void> => {
      try {
        await followProgress(
          sessionId,
          (step) => {
            setLatest(step);
            setSteps((before) =>
              before.some((seen) => seen.step === step.step)
                ? before.map((seen) => (seen.step === step.step ? { ...seen, message: step.message, atMs: step.elapsed_ms } : seen))
                : [...before, { step: step.step, message: step.message, atMs: step.elapsed_ms }],
            );
            if (step.failed !== false && step.failed !== null) {
              over = true;
              setProblem(typeof step.failed === 'string' ? step.failed : step.message);
            } else if (step.ready) finish();
          },
          abort.signal,
        );
      } catch (failure) {
        if (abort.signal.aborted) return;
        if (!over) setProblem(explain(failure));
        return;
      }
      // The stream ended without a verdict: the session itself knows.
      if (!over && !abort.signal.aborted) {
        try {
          const detail = await get<SessionDetail>(`/sessions/${sessionId}`);
          if (detail.status === 'READY') finish();
          else if (detail.status === 'FAILED') setProblem('The exchange could not be started.');
          else setAttempt((before) => before + 1);
        } catch (failure) {
          setProblem(explain(failure));
        }
      }
    };
    void run();
    return () => abort.abort();
  }, [sessionId, attempt]);

  const percent = latest?.percent ?? (steps.length === 0 ? 3 : Math.min(95, steps.length * 18));
  return (
    <Dialog open close={abandon} title="Starting your exchange" locked={problem === ''}>
      <div className="h-1.5 overflow-hidden rounded-full bg-raised" role="progressbar" aria-valuenow={Math.round(percent)} aria-valuemin={0} aria-valuemax={100} aria-label="Start progress">
        <div className="h-full rounded-full bg-accent transition-[width] duration-300" style={{ width: `${percent}%` }} />
      </div>
      <ol className="mt-4 flex flex-col gap-2 text-sm" aria-live="polite">
        {steps.length === 0 && <li className="text-dim">Asking for a place …</li>}
        {steps.map((seen, index) => {
          const isLast = index === steps.length - 1 && latest?.ready !== true;
          return (
            <li key={seen.step} className="flex items-baseline gap-3">
              <span className={isLast ? 'text-accent' : 'up'} aria-hidden="true">{isLast ? '●' : '✓'}</span>
              <span className="flex-1">{seen.message}</span>
              <span className="num text-xs text-dim">{seen.atMs === null ? '' : `${Math.round(seen.atMs)} ms`}</span>
            </li>
          );
        })}
      </ol>
      {latest?.queue_position ? <p className="mt-3 text-sm text-warn">Place {latest.queue_position} in the queue.</p> : null}
      {problem !== '' ? (
        <div className="mt-4 flex flex-col gap-3">
          <div className="notice notice-bad" role="alert">{problem}</div>
          <p className="text-xs text-dim">Support id {sessionId}</p>
          <div className="flex gap-2">
            <Button tone="primary" onClick={() => { setProblem(''); setSteps([]); setLatest(null); setAttempt((before) => before + 1); }}>Try again</Button>
            <Button onClick={abandon}>Back to lobby</Button>
          </div>
        </div>
      ) : (
        <div className="mt-4 flex justify-end">
          <Button tone="ghost" size="small" onClick={() => { void stopSession(sessionId).catch(() => undefined); abandon(); }}>Cancel</Button>
        </div>
      )}
    </Dialog>
  );
}
