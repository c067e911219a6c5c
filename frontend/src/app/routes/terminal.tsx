/** Opens one trading session and shows its terminal; closes it when the page is left. */
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { Failure } from '@/components/states';
import { SessionProvider } from '@/stream/context';
import { TradingSession, type Notice } from '@/stream/session';
import { RESET_LAYOUT } from '@/app/shell/layout-store';
import { PageFrame } from '@/app/shell/page-frame';
import { TerminalHeader } from '@/app/shell/terminal-header';
import { Workspace } from '@/app/shell/workspace';
import { useTitle } from '@/app/shell/use-title';
import { Button } from '@/components/button';
import { OfflineBanner } from '@/features/transport/connection-pill';
import { Palette } from '@/features/palette/palette';
import { RequestProblem } from '@/lib/problem';
import { loadPreferences } from '@/features/profile/preferences';

function show(notice: Notice): void {
  // A refusal comes by the answer and by the stream: the same words are one notice.
  const options = { description: notice.detail, ...(notice.tone === 'bad' && notice.detail ? { id: notice.detail } : {}) };
  if (notice.tone === 'good') toast.success(notice.title, options);
  else if (notice.tone === 'bad') toast.error(notice.title, options);
  else toast(notice.title, options);
}

type Opening = { kind: 'opening' } | { kind: 'open'; session: TradingSession } | { kind: 'failed'; failure: unknown };

export function TerminalPage() {
  const { sessionId } = useParams({ from: '/inside/t/$sessionId' });
  const navigate = useNavigate();
  const [state, setState] = useState<Opening>({ kind: 'opening' });
  const [attempt, setAttempt] = useState(0);
  useTitle(state.kind === 'open' ? state.session.detail?.name || 'Terminal' : 'Terminal');

  useEffect(() => {
    let check: ((item: unknown) => void) | undefined;
    // The schemas are left out of the built terminal.
    if (import.meta.env.DEV) void import('@/stream/schemas').then((schemas) => { check = schemas.checkFrame; });
    const session = new TradingSession(sessionId, (item) => check?.(item));
    session.onNotice = show;
    let gone = false;
    session.open().then(
      () => {
        if (gone) session.close();
        else setState({ kind: 'open', session });
      },
      (failure: unknown) => {
        if (!gone) setState({ kind: 'failed', failure });
      },
    );
    loadPreferences().then(({ mine }) => session.desk.setState({ sizes: mine.sizes }), () => undefined);
    return () => {
      gone = true;
      session.close();
    };
  }, [sessionId, attempt]);

  if (state.kind === 'failed') {
    const exists = !(state.failure instanceof RequestProblem && state.failure.status === 404);
    return (
      <PageFrame>
        <Failure
          failure={state.failure}
          {...(exists ? { stillTrue: 'Your orders and positions are safe on the server.', retry: () => { setState({ kind: 'opening' }); setAttempt((before) => before + 1); } } : {})}
        />
        <div className="flex justify-center"><Button onClick={() => void navigate({ to: '/lobby' })}>Back to the lobby</Button></div>
      </PageFrame>
    );
  }
  if (state.kind === 'opening') {
    return (
      <PageFrame fixed>
        <div className="terminal-skeleton" role="status" aria-label="Opening the terminal">
          {Array.from({ length: 6 }, (_, index) => <div key={index} className="skeleton" />)}
        </div>
      </PageFrame>
    );
  }
  return (
    <SessionProvider session={state.session}>
      <PageFrame fixed header={<TerminalHeader />}>
        <OfflineBanner />
        <Workspace />
        <Palette links={[{ label: 'Lobby', go: () => void navigate({ to: '/lobby' }) }, { label: 'Profile and preferences', go: () => void navigate({ to: '/profile' }) }, { label: 'Put the panels back in their first places', go: () => window.dispatchEvent(new Event(RESET_LAYOUT)) }]} />
      </PageFrame>
    </SessionProvider>
  );
}
