// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamClient, type LinkReport } from '@/stream/client';
import type { Transport } from '@/stream/link';
import type { Frame } from '@/stream/protocol';
import type { Callbacks, Connector, HelloStream } from '@/stream/transports';

/** A line that a test holds both ends of. */
class ScriptedLine {
  readonly opened: { transport: Transport; hello: HelloStream[]; callbacks: Callbacks; sent: Record<string, unknown>[]; closed: boolean }[] = [];
  connector(transport: Transport): Connector {
    return (_session, streams, callbacks) => {
      const sent: Record<string, unknown>[] = [];
      const entry = { transport, hello: streams(), callbacks, sent, closed: false };
      this.opened.push(entry);
      return {
        transport,
        control: (message) => {
          if (transport !== 'ws') return false;
          sent.push(message);
          return true;
        },
        close: () => {
          entry.closed = true;
        },
      };
    };
  }
  get last() {
    const entry = this.opened[this.opened.length - 1];
    if (entry === undefined) throw new Error('nothing was opened');
    return entry;
  }
}

const frame = (stream: string, seq: number, more: Partial<Frame> = {}): string =>
  JSON.stringify({ stream, seq, type: 'order.accepted', epoch: 1, data: {}, ...more });

describe('stream client', () => {
  let line: ScriptedLine;
  let applied: Frame[];
  let report: LinkReport | null;
  let client: StreamClient;
  let reload: ReturnType<typeof vi.fn<() => Promise<void>>>;
  const numbers = (): (number | null | undefined)[] => applied.filter((each) => each.stream === 'orders').map((each) => each.seq);

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    line = new ScriptedLine();
    applied = [];
    report = null;
    reload = vi.fn(() => Promise.resolve());
    client = new StreamClient({
      sessionId: 's',
      apply: (each) => applied.push(each),
      reload,
      report: (each) => { report = each; },
      connectors: { ws: line.connector('ws'), sse: line.connector('sse'), poll: line.connector('poll') },
      now: () => Date.now(),
      probeRtt: () => Promise.resolve(5),
      random: () => 0,
    });
    client.sequence.begin('orders', 1, 41);
    client.start(['orders', 'quotes']);
    line.last.callbacks.opened();
  });
  afterEach(() => {
    client.stop();
    vi.useRealTimers();
  });

  it('resumes private streams from the last number, and asks market streams anew', () => {
    expect(line.last.hello).toEqual([{ name: 'orders', epoch: 1, last_seq: 41 }, { name: 'quotes' }]);
  });

  it('takes single frames and arrays, drops repeats', () => {
    line.last.callbacks.message(frame('orders', 42));
    line.last.callbacks.message(`[${frame('orders', 42, { poss_dup: true })},${frame('orders', 43)}]`);
    expect(numbers()).toEqual([42, 43]);
  });

  it('asks for a hole once it is seen and applies nothing beyond it', () => {
    line.last.callbacks.message(frame('orders', 44));
    expect(numbers()).toEqual([]);
    expect(line.last.sent).toContainEqual({ op: 'subscribe', streams: [{ name: 'orders', epoch: 1, last_seq: 41 }] });
    for (const seq of [42, 43, 44]) line.last.callbacks.message(frame('orders', seq, { poss_dup: true }));
    expect(numbers()).toEqual([42, 43, 44]);
  });

  it('finds a loss at the tail by the heartbeat, answers it, and reports the round trip', () => {
    line.last.callbacks.message(JSON.stringify({ type: 'heartbeat', epoch: 1, data: { t: 7, rtt_ms: 3, next_seq: { orders: 44 } } }));
    expect(line.last.sent).toContainEqual({ op: 'pong', t: 7 });
    expect(line.last.sent).toContainEqual({ op: 'subscribe', streams: [{ name: 'orders', epoch: 1, last_seq: 41 }] });
    vi.advanceTimersByTime(500);
    expect(report).toMatchObject({ state: 'live', rttMs: 3 });
  });

  it('acknowledges every hundred private frames', () => {
    for (let seq = 42; seq < 142; seq += 1) line.last.callbacks.message(frame('orders', seq));
    expect(line.last.sent.filter((message) => message.op === 'ack')).toEqual([{ op: 'ack', stream: 'orders', seq: 141 }]);
  });

  it('reads the facts again after a snapshot of a private stream', () => {
    line.last.callbacks.message(frame('orders', 5_000, { type: 'snapshot' }));
    expect(reload).toHaveBeenCalledOnce();
    line.last.callbacks.message(frame('orders', 5_001));
    expect(numbers()).toContain(5_001);
  });

  it('reconnects after five silent seconds and resumes where it stood', () => {
    line.last.callbacks.message(frame('orders', 42));
    vi.advanceTimersByTime(6_000);
    expect(line.opened[0]?.closed).toBe(true);
    expect(line.opened).toHaveLength(2);
    expect(line.last.hello[0]).toEqual({ name: 'orders', epoch: 1, last_seq: 42 });
  });

  it('says degraded, stale and offline as the silence grows', () => {
    line.last.callbacks.message(frame('orders', 42));
    vi.advanceTimersByTime(3_250);
    expect(report?.state).toBe('degraded');
    vi.advanceTimersByTime(1_000);
    expect(report?.state).toBe('stale');
    vi.advanceTimersByTime(1_000);
    expect(report?.state).toBe('offline');
  });

  it('falls back to server-sent events after two failures, then to polling', () => {
    line.last.callbacks.closed(1006, '');
    vi.advanceTimersByTime(1_000);
    line.last.callbacks.closed(1006, '');
    vi.advanceTimersByTime(1_500);
    expect(line.last.transport).toBe('sse');
    line.last.callbacks.opened();
    line.last.callbacks.message(frame('orders', 42));
    vi.advanceTimersByTime(300);
    expect(report?.state).toBe('fallback');
    line.last.callbacks.closed(0, 'broken');
    vi.advanceTimersByTime(1_000);
    line.last.callbacks.closed(0, 'broken');
    vi.advanceTimersByTime(1_500);
    expect(['poll', 'ws']).toContain(line.last.transport);
  });

  it('keeps to the socket while the server itself is away', () => {
    for (let round = 0; round < 5; round += 1) {
      line.last.callbacks.closed(0, 'no ticket');
      const tries = line.opened.length;
      while (line.opened.length === tries) vi.advanceTimersByTime(250);
    }
    expect(new Set(line.opened.map((each) => each.transport))).toEqual(new Set(['ws']));
  });

  it('tries the socket again after a while on a fall-back', () => {
    line.last.callbacks.closed(1006, '');
    vi.advanceTimersByTime(1_000);
    line.last.callbacks.closed(1006, '');
    vi.advanceTimersByTime(1_500);
    expect(line.last.transport).toBe('sse');
    line.last.callbacks.opened();
    for (let second = 0; second < 31; second += 1) {
      line.last.callbacks.message(JSON.stringify({ type: 'heartbeat', epoch: 1, data: {} }));
      vi.advanceTimersByTime(1_000);
    }
    expect(line.last.transport).toBe('ws');
    line.last.callbacks.opened();
    line.last.callbacks.message(frame('orders', 42));
    vi.advanceTimersByTime(300);
    expect(report?.transport).toBe('ws');
  });

  it('ignores a line that was given up', () => {
    const old = line.last;
    old.callbacks.closed(1006, '');
    vi.advanceTimersByTime(1_000);
    old.callbacks.message(frame('orders', 42));
    expect(numbers()).toEqual([]);
  });

  it('counts what is no frame and lives on', () => {
    line.last.callbacks.message('{"no":"type"}');
    line.last.callbacks.message('nonsense');
    line.last.callbacks.message(frame('orders', 42));
    vi.advanceTimersByTime(300);
    expect(report?.malformed).toBe(2);
    expect(numbers()).toEqual([42]);
  });

  it('gets a fresh snapshot by leaving and joining', () => {
    client.subscribe(['book:ACME']);
    line.last.sent.length = 0;
    client.refresh('book:ACME');
    expect(line.last.sent).toEqual([{ op: 'unsubscribe', streams: [{ name: 'book:ACME' }] }, { op: 'subscribe', streams: [{ name: 'book:ACME' }] }]);
  });
});
