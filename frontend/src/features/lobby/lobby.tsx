/** Where a trader lands: exchanges to go on with, and the form for a new one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '@/components/button';
import { Empty, Failure, Skeleton } from '@/components/states';
import type { SessionCard as Session } from '@/generated/shapes';
import { ago, dayAndTime } from '@/lib/clock';
import { explain } from '@/lib/problem';
import { listSessions, stopSession, wakeSession } from '@/features/lobby/api';
import { StartForm } from '@/features/lobby/start-form';
import { StartProgress } from '@/features/lobby/start-progress';

const TONE: Record<string, string> = { READY: 'chip-good', FAILED: 'chip-bad', HALTED: 'chip-bad', STOPPED: '', HIBERNATED: '' };

function isOver(session: Session): boolean {
  return session.status === 'STOPPED' || session.status === 'FAILED';
}

function SessionCard({ session, enter, stopped }: { session: Session; enter: () => void; stopped: () => void }) {
  const [confirming, setConfirming] = useState(false);
  const [problem, setProblem] = useState('');
  return (
    <li className="card flex flex-col gap-3 p-4">
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <h3 className="truncate font-semibold">{session.name || session.scenario}</h3>
          <p className="text-xs text-dim">
            {session.scenario}
            {session.date ? ` · ${session.date}` : ''} · seed {session.seed}
          </p>
        </div>
        <span className={`chip ${TONE[session.status] ?? 'chip-warn'}`}>{session.status}</span>
      </div>
      <dl className="grid grid-cols-2 gap-y-1 text-xs">
        <dt className="text-dim">Market time</dt>
        <dd className="num">{dayAndTime(session.sim_time)}</dd>
        <dt className="text-dim">Created</dt>
        <dd className="num">{ago(session.created_at)} ago</dd>
      </dl>
      {problem !== '' && <p role="alert" className="text-xs text-bad">{problem}</p>}
      <div className="flex gap-2">
        <Button tone={isOver(session) ? 'plain' : 'primary'} className="flex-1" onClick={enter} disabled={isOver(session)}>
          {isOver(session) ? 'Ended' : session.status === 'READY' ? 'Resume' : session.status === 'HIBERNATED' ? 'Wake' : 'Open'}
        </Button>
        {!isOver(session) && (
          <Button
            tone={confirming ? 'danger' : 'ghost'}
            onBlur={() => setConfirming(false)}
            onClick={() => {
              if (!confirming) {
                setConfirming(true);
                return;
              }
              stopSession(session.id).then(stopped, (failure: unknown) => setProblem(explain(failure)));
            }}
          >
            {confirming ? 'Stop for good?' : 'Stop'}
          </Button>
        )}
      </div>
    </li>
  );
}

export function Lobby({ name, open }: { name: string; open: (sessionId: string) => void }) {
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: listSessions, refetchInterval: 5_000 });
  const [starting, setStarting] = useState<string | null>(null);
  const [problem, setProblem] = useState('');
  const enter = (session: Session): void => {
    setProblem('');
    if (session.status === 'READY') open(session.id);
    else if (session.status !== 'HIBERNATED') setStarting(session.id);
    else wakeSession(session.id).then(() => setStarting(session.id), (failure: unknown) => setProblem(explain(failure)));
  };
  const running = sessions.data?.filter((session) => !isOver(session)) ?? [];
  const ended = sessions.data?.filter(isOver) ?? [];
  return (
    <main className="mx-auto grid w-full max-w-6xl gap-8 px-4 py-8 lg:grid-cols-[1fr_1.1fr]">
      <section aria-labelledby="resume" className="min-w-0">
        <h1 className="mb-1 text-xl font-semibold">Good to see you, {name}.</h1>
        <p className="mb-5 text-dim">Every exchange below is yours alone. It keeps its book, orders and clock until you come back.</p>
        <h2 id="resume" className="mb-3 text-sm font-semibold tracking-wide text-dim uppercase">Your exchanges</h2>
        {sessions.isPending ? <Skeleton rows={5} label="Loading your exchanges" /> : sessions.isError ? (
          <Failure failure={sessions.error} retry={() => void sessions.refetch()} stillTrue="Your exchanges keep running." />
        ) : running.length === 0 ? (
          <div className="card"><Empty>No exchange yet. Start one: it is ready in a moment.</Empty></div>
        ) : (
          <ul className="grid gap-3">
            {running.map((session) => (
              <SessionCard key={session.id} session={session} enter={() => enter(session)} stopped={() => void client.invalidateQueries({ queryKey: ['sessions'] })} />
            ))}
          </ul>
        )}
        {problem !== '' && <p role="alert" className="notice notice-bad mt-3">{problem}</p>}
        {ended.length > 0 && <p className="mt-4 text-xs text-faint">{ended.length} ended {ended.length === 1 ? 'exchange' : 'exchanges'} not shown.</p>}
      </section>
      <section aria-labelledby="new" className="card min-w-0 self-start p-5">
        <h2 id="new" className="mb-4 text-base font-semibold">Start a new exchange</h2>
        <StartForm started={setStarting} />
      </section>
      {starting !== null && <StartProgress sessionId={starting} ready={() => open(starting)} abandon={() => { setStarting(null); void client.invalidateQueries({ queryKey: ['sessions'] }); }} />}
    </main>
  );
}
