/** The state of the line in one word, and everything known about it behind a click. */
import { Button } from '@/components/button';
import { Flyout } from '@/components/flyout';
import { useLink, useSession } from '@/stream/context';
import type { LinkState } from '@/stream/link';

const TONE: Record<LinkState, string> = { live: 'chip-good', degraded: 'chip-warn', fallback: 'chip-warn', stale: 'chip-bad', offline: 'chip-bad', connecting: 'chip-warn' };

function Sparkline({ samples }: { samples: number[] }) {
  if (samples.length < 2) return null;
  const most = Math.max(...samples, 20);
  const points = samples.map((ms, index) => `${(index / (samples.length - 1)) * 200},${38 - (ms / most) * 34}`).join(' ');
  return (
    <svg viewBox="0 0 200 40" className="my-2 h-10 w-full" role="img" aria-label={`Round trips, newest ${Math.round(samples[samples.length - 1] ?? 0)} ms`}>
      <polyline points={points} fill="none" stroke="var(--accent)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function Details() {
  const session = useSession();
  const link = useLink((state) => state);
  const rows: [string, string][] = [
    ['Transport', { ws: 'WebSocket', sse: 'Server-sent events', poll: 'Polling every 2 s', none: 'None' }[link.transport]],
    ['Round trip', link.rttMs === null ? '–' : `${link.rttMs.toFixed(1)} ms`],
    ['Silence', Number.isFinite(link.silenceMs) ? `${Math.round(link.silenceMs)} ms` : '–'],
    ['Missed beats', String(link.missedBeats)],
    ['Sequence gaps', String(link.gaps)],
    ['Duplicates dropped', String(link.duplicates)],
    ['Malformed frames', String(link.malformed)],
    ['Reconnects', String(link.reconnects)],
    ['Frames', `${link.framesPerSecond}/s`],
    ['Volume', `${(link.bytesPerSecond / 1024).toFixed(1)} kB/s`],
    ['Epoch', String(link.epoch || session.detail?.epoch || '–')],
    ['Last close', link.lastClose ?? '–'],
  ];
  return (
    <>
      <h2 className="text-sm font-semibold">Connection</h2>
      <Sparkline samples={link.rttSamples} />
      <dl className="grid grid-cols-2 gap-y-1 text-xs">
        {rows.map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-dim">{name}</dt>
            <dd className="num">{text}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-[11px] leading-snug text-faint">Commands go over HTTPS one by one. Nothing is queued or sent twice while the line is down.</p>
    </>
  );
}

export function ConnectionPill() {
  const state = useLink((link) => link.state);
  const transport = useLink((link) => link.transport);
  const rtt = useLink((link) => (link.rttMs === null ? null : link.rttMs < 1 ? '<1' : String(Math.round(link.rttMs))));
  const word = state === 'live' ? (rtt === null ? 'live' : `${rtt} ms`) : state === 'fallback' ? transport.toUpperCase() : state;
  return (
    <Flyout
      label="Connection"
      className="popover"
      trigger={{
        className: `chip min-h-6! ${TONE[state]}`,
        'data-testid': 'link',
        'data-state-link': state,
        'aria-label': `Connection ${state}${rtt === null ? '' : `, ${rtt} milliseconds`}. Details`,
        children: (
          <>
            <span className="size-2 rounded-full bg-current" aria-hidden="true" />
            <span className="num">{word}</span>
          </>
        ),
      }}
    >
      {() => <Details />}
    </Flyout>
  );
}

/** Across the top when there is no line: what is known, what still works, when it tries again. */
export function OfflineBanner() {
  const session = useSession();
  const state = useLink((link) => link.state);
  const retry = useLink((link) => (link.retryInMs === null ? null : Math.ceil(link.retryInMs / 1_000)));
  const age = useLink((link) => (Number.isFinite(link.silenceMs) ? Math.floor(link.silenceMs / 1_000) : null));
  if (state !== 'offline' && state !== 'stale') return null;
  return (
    <div role="alert" className="offline-banner">
      <strong>{state === 'offline' ? 'Offline.' : 'No word from the exchange.'}</strong>
      <span>
        Prices are {age ?? '?'} s old. New orders wait for you; cancels are still tried.
        {retry !== null && ` Trying again in ${retry} s.`}
      </span>
      {state === 'offline' && <Button size="small" onClick={() => session.reconnectNow()}>Try now</Button>}
    </div>
  );
}
