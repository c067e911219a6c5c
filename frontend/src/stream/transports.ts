/**
 * The three ways frames reach the browser: WebSocket, server-sent events, polling. A transport carries text in and
 * small control messages out; it never carries a command and never queues anything.
 */
import { POLL_INTERVAL_MS, SOCKET_PATH, SUBPROTOCOL } from '@/config/runtime';
import { get, openStream, send } from '@/lib/http';
import { readEvents } from '@/lib/server-events';
import type { Transport } from '@/stream/link';

export interface HelloStream {
  name: string;
  epoch?: number;
  last_seq?: number;
}

export interface Callbacks {
  opened: () => void;
  message: (text: string) => void;
  closed: (code: number, reason: string) => void;
}

export interface Connection {
  readonly transport: Transport;
  /** Send a control message now or drop it: true when it left. */
  control: (message: Record<string, unknown>) => boolean;
  close: () => void;
}

export type Connector = (sessionId: string, streams: () => HelloStream[], callbacks: Callbacks) => Connection;

interface Ticket {
  ticket: string;
  expires_in: number;
}

/** Why a socket was not even tried. */
export const NO_TICKET = 'no ticket';

export const connectSocket: Connector = (sessionId, streams, callbacks) => {
  let socket: WebSocket | null = null;
  let over = false as boolean;
  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    callbacks.closed(code, reason);
  };
  void (async () => {
    try {
      const { data } = await send<Ticket>('POST', '/stream-tickets', { body: { session: sessionId }, timeoutMs: 5_000 });
      if (over) return;
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      socket = new WebSocket(`${scheme}://${location.host}${SOCKET_PATH}/${sessionId}`, SUBPROTOCOL);
      socket.onopen = () => {
        socket?.send(JSON.stringify({ op: 'hello', ticket: data.ticket, streams: streams(), coalesce: true }));
        callbacks.opened();
      };
      socket.onmessage = (event) => callbacks.message(String(event.data));
      socket.onclose = (event) => end(event.code, event.reason);
    } catch {
      end(0, NO_TICKET);
    }
  })();
  return {
    transport: 'ws',
    control: (message) => {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    close: () => {
      over = true;
      socket?.close(1000);
    },
  };
};

function eventsQuery(streams: HelloStream[]): string {
  return streams.map((stream) => stream.name).join(',');
}

/** Both fall-backs resume with an opaque cursor over all streams; it lives as long as the page. */
const cursors = new Map<string, string>();

export const connectEvents: Connector = (sessionId, streams, callbacks) => {
  const abort = new AbortController();
  void (async () => {
    try {
      const cursor = cursors.get(sessionId);
      const headers: Record<string, string> = cursor === undefined ? {} : { 'Last-Event-ID': cursor };
      const response = await openStream(`/sessions/${sessionId}/events`, { streams: eventsQuery(streams()) }, headers, abort.signal);
      if (!response.ok) {
        callbacks.closed(response.status, 'refused');
        return;
      }
      callbacks.opened();
      await readEvents(response, (event) => {
        if (event.id !== null) cursors.set(sessionId, event.id);
        callbacks.message(event.data);
      });
      if (!abort.signal.aborted) callbacks.closed(1000, 'ended');
    } catch {
      if (!abort.signal.aborted) callbacks.closed(0, 'broken');
    }
  })();
  return { transport: 'sse', control: () => false, close: () => abort.abort() };
};

interface PollAnswer {
  frames?: unknown[];
  results?: unknown[];
  next?: string | null;
  cursor?: string | null;
}

export const connectPolling: Connector = (sessionId, streams, callbacks) => {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let opened = false;
  const turn = async (): Promise<void> => {
    try {
      const answer = await get<PollAnswer>(
        `/sessions/${sessionId}/events`,
        { mode: 'poll', after: cursors.get(sessionId), streams: eventsQuery(streams()) },
        abort.signal,
      );
      if (!opened) callbacks.opened();
      opened = true;
      const cursor = answer.cursor ?? answer.next;
      if (cursor) cursors.set(sessionId, cursor);
      callbacks.message(JSON.stringify(answer.frames ?? answer.results ?? []));
      timer = setTimeout(() => void turn(), POLL_INTERVAL_MS);
    } catch {
      if (!abort.signal.aborted) callbacks.closed(0, 'broken');
    }
  };
  void turn();
  return {
    transport: 'poll',
    control: () => false,
    close: () => {
      abort.abort();
      clearTimeout(timer);
    },
  };
};

/** Round-trip time to the platform over plain HTTP, in ms, or null when it did not answer. */
export async function probe(): Promise<number | null> {
  const before = performance.now();
  try {
    const response = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(4_000) });
    return response.ok ? performance.now() - before : null;
  } catch {
    return null;
  }
}

