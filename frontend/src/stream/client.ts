/**
 * The one stream client of a session: connects, resumes by sequence, falls back, measures the line.
 * It carries facts down only. A command is never queued here and never sent again by it.
 */
import { ACK_EVERY_FRAMES, BACKOFF_MAX_MS, SILENCE_LIMIT_MS } from '@/config/runtime';
import { backoffMs } from '@/lib/backoff';
import { LinkJudge, p95, type LinkState, type Transport } from '@/stream/link';
import { isPrivate, MalformedFrame, parseMessage, type Frame, type Heartbeat } from '@/stream/protocol';
import { SequenceBook } from '@/stream/sequence';
import { connectEvents, connectPolling, connectSocket, NO_TICKET, probe, type Connection, type Connector, type HelloStream } from '@/stream/transports';

export interface LinkReport {
  state: LinkState;
  transport: Transport;
  rttMs: number | null;
  rttSamples: number[];
  silenceMs: number;
  missedBeats: number;
  gaps: number;
  duplicates: number;
  malformed: number;
  reconnects: number;
  epoch: number;
  bytesPerSecond: number;
  framesPerSecond: number;
  retryInMs: number | null;
  lastClose: string | null;
}

export interface StreamClientOptions {
  sessionId: string;
  /** A frame that is due, exactly once and in order for private streams. */
  apply: (frame: Frame) => void;
  /** Private facts may be missing: load them again over REST, then resolve with the numbers reached. */
  reload: () => Promise<void>;
  report: (report: LinkReport) => void;
  /** Throws MalformedFrame for a frame that is not as agreed; left out in production. */
  check?: (item: unknown) => void;
  connectors?: { ws: Connector; sse: Connector; poll: Connector };
  now?: () => number;
  probeRtt?: () => Promise<number | null>;
  random?: () => number;
}

const CONNECT_LIMIT_MS = 8_000;
/** How long a fall-back serves before the socket gets another try; doubled each time that the try fails. */
const SOCKET_TRY_MS = 30_000;
const SOCKET_TRY_MAX_MS = 600_000;

export class StreamClient {
  readonly sequence = new SequenceBook();
  private readonly options: StreamClientOptions;
  private readonly connectors: { ws: Connector; sse: Connector; poll: Connector };
  private readonly now: () => number;
  private readonly judge = new LinkJudge();
  private readonly wanted = new Set<string>();
  private connection: Connection | null = null;
  private open = false;
  private everOpen = false;
  private stopped = false;
  private attempt = 0;
  private socketFailures = 0;
  private socketTryMs = SOCKET_TRY_MS;
  private eventFailures = 0;
  private lastFrameAt = -Infinity;
  private startedAt = 0;
  private retryAt: number | null = null;
  private unacked = 0;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private rtt: number[] = [];
  private seconds: { bytes: number; frames: number } = { bytes: 0, frames: 0 };
  private rates = { bytes: 0, frames: 0 };
  private turns = 0;
  private malformed = 0;
  private reconnects = 0;
  private epoch = 0;
  private lastClose: string | null = null;
  private reloading = false;
  /** The server's own 95th percentile of ten seconds, once it says one. */
  private toldRtt: number | null = null;

  constructor(options: StreamClientOptions) {
    this.options = options;
    this.connectors = options.connectors ?? { ws: connectSocket, sse: connectEvents, poll: connectPolling };
    this.now = options.now ?? (() => performance.now());
  }

  start(streams: string[]): void {
    for (const name of streams) this.wanted.add(name);
    this.stopped = false;
    this.ticker = setInterval(() => this.tick(), 250);
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.ticker);
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    this.connection?.close();
    this.connection = null;
  }

  subscribe(streams: string[]): void {
    const fresh = streams.filter((name) => !this.wanted.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) this.wanted.add(name);
    if (this.open && !this.control({ op: 'subscribe', streams: fresh.map((name) => ({ name })) })) this.reopen();
  }

  unsubscribe(streams: string[]): void {
    const gone = streams.filter((name) => this.wanted.delete(name));
    for (const name of gone) this.sequence.forget(name);
    if (gone.length > 0 && this.open) this.control({ op: 'unsubscribe', streams: gone.map((name) => ({ name })) });
  }

  /** Ask for a fresh snapshot of a conflated stream: leave and join it. */
  refresh(name: string): void {
    if (!this.wanted.has(name)) return;
    this.sequence.forget(name);
    const streams = [{ name }];
    if (!this.control({ op: 'unsubscribe', streams }) || !this.control({ op: 'subscribe', streams })) this.reopen();
  }

  /** Connect now, without waiting out the back-off. */
  readonly hurry = (): void => {
    if (document.hidden || this.stopped || this.connection !== null) return;
    this.retryAt = null;
    this.connect();
  };

  private hello(): HelloStream[] {
    return [...this.wanted].map((name) =>
      isPrivate(name) ? { name, epoch: this.sequence.epoch(name), last_seq: this.sequence.lastSeq(name) } : { name },
    );
  }

  private control(message: Record<string, unknown>): boolean {
    return this.connection?.control(message) ?? false;
  }

  private choose(): Connector {
    if (this.socketFailures < 2) return this.connectors.ws;
    // Every fourth attempt looks whether the socket works again.
    if (this.attempt % 4 === 3) return this.connectors.ws;
    return this.eventFailures < 2 ? this.connectors.sse : this.connectors.poll;
  }

  private connect(): void {
    this.startedAt = this.now();
    this.toldRtt = null;
    this.open = false;
    this.unacked = 0;
    for (const name of this.wanted) if (!isPrivate(name)) this.sequence.forget(name);
    let mine: Connection | null = null;
    const current = (): boolean => mine !== null && mine === this.connection;
    mine = this.choose()(this.options.sessionId, () => this.hello(), {
      opened: () => {
        if (!current()) return;
        this.open = true;
        this.lastFrameAt = this.now();
      },
      message: (text) => {
        if (current()) this.receive(text);
      },
      closed: (code, reason) => {
        if (current()) this.lost(code, reason);
      },
    });
    this.connection = mine;
  }

  private lost(code: number, reason: string): void {
    const transport = this.connection?.transport;
    this.connection = null;
    this.open = false;
    this.lastClose = code === 0 ? reason : `${code} ${reason}`.trim();
    // Without a ticket the server itself was away, which says nothing against the socket.
    if (transport === 'ws' && reason !== NO_TICKET) this.socketFailures += 1;
    if (transport === 'sse') this.eventFailures += 1;
    this.reconnects += 1;
    if (this.stopped) return;
    // A planned restart (1012) is over quickly and says nothing against the socket.
    if (code === 1012) this.socketFailures = 0;
    this.retryAt = this.now() + Math.min(BACKOFF_MAX_MS, backoffMs(this.attempt, this.options.random));
    this.attempt += 1;
    this.tick();
  }

  private reopen(): void {
    this.connection?.close();
    this.connection = null;
    this.connect();
  }

  private receive(text: string): void {
    this.lastFrameAt = this.now();
    this.seconds.bytes += text.length;
    let frames: Frame[];
    try {
      frames = parseMessage(text, this.options.check);
    } catch (failure) {
      if (!(failure instanceof MalformedFrame)) throw failure;
      this.malformed += 1;
      if (this.options.check !== undefined) console.error('Malformed frame', failure.message, text.slice(0, 400));
      return;
    }
    for (const frame of frames) this.take(frame);
  }

  private take(frame: Frame): void {
    this.seconds.frames += 1;
    if (!this.everOpen || this.attempt > 0) {
      this.everOpen = true;
      this.attempt = 0;
      if (this.connection?.transport === 'ws') {
        this.socketFailures = 0;
        this.eventFailures = 0;
        this.socketTryMs = SOCKET_TRY_MS;
      }
    }
    if (typeof frame.epoch === 'number') this.epoch = Math.max(this.epoch, frame.epoch);
    if (frame.type === 'heartbeat') {
      this.beat(frame);
      return;
    }
    const stream = frame.stream;
    if (stream === null || stream === undefined) {
      this.options.apply(frame);
      return;
    }
    if (typeof frame.seq !== 'number') {
      this.options.apply(frame);
      return;
    }
    if (frame.type === 'snapshot') {
      // Too old to replay. Conflated data comes inside; private facts are read again over REST.
      this.sequence.begin(stream, frame.epoch ?? this.epoch, frame.seq);
      this.options.apply(frame);
      if (isPrivate(stream)) void this.reload();
      return;
    }
    const verdict = this.sequence.accept(stream, frame.epoch ?? 0, frame.seq);
    if (verdict === 'duplicate') return;
    if (verdict === 'gap') {
      this.repair(stream);
      return;
    }
    this.options.apply(frame);
    if (isPrivate(stream)) {
      this.unacked += 1;
      if (this.unacked >= ACK_EVERY_FRAMES && this.control({ op: 'ack', stream, seq: frame.seq })) this.unacked = 0;
    }
  }

  private beat(frame: Frame): void {
    const data = (frame.data ?? {}) as Heartbeat;
    this.control({ op: 'pong', t: data.t ?? data.server_time ?? null });
    if (typeof data.rtt_ms === 'number') {
      this.toldRtt = data.rtt_ms;
      this.sample(data.rtt_ms);
    }
    const next = data.next_seq ?? (frame.next_seq as Record<string, number> | undefined);
    this.options.apply(frame);
    if (next !== undefined) for (const stream of this.sequence.behind(next)) this.repair(stream);
  }

  /** Ask for the missing numbers; a fall-back transport cannot be asked, so the facts are read over REST. */
  private repair(stream: string): void {
    const from = [{ name: stream, epoch: this.sequence.epoch(stream), last_seq: this.sequence.lastSeq(stream) }];
    if (!this.control({ op: 'subscribe', streams: from })) void this.reload();
  }

  private async reload(): Promise<void> {
    if (this.reloading) return;
    this.reloading = true;
    try {
      await this.options.reload();
    } catch {
      // The next heartbeat finds the same hole and asks again.
    } finally {
      this.reloading = false;
    }
  }

  private sample(ms: number): void {
    this.rtt.push(ms);
    if (this.rtt.length > 60) this.rtt.shift();
  }

  /** Look at the line four times a second. */
  tick(): void {
    const now = this.now();
    this.turns += 1;
    const silence = now - this.lastFrameAt;
    if (this.connection !== null && this.connection.transport !== 'poll') {
      const limit = this.open ? SILENCE_LIMIT_MS : CONNECT_LIMIT_MS;
      if (now - Math.max(this.lastFrameAt, this.startedAt) > limit) {
        this.connection.close();
        this.lost(0, 'silence');
        return;
      }
    }
    if (this.open && this.connection !== null && this.connection.transport !== 'ws' && now - this.startedAt > this.socketTryMs) {
      this.socketTryMs = Math.min(SOCKET_TRY_MAX_MS, this.socketTryMs * 2);
      this.socketFailures = 1;
      this.attempt = 1;
      this.reopen();
    }
    if (this.connection === null && this.retryAt !== null && now >= this.retryAt && !this.stopped) {
      this.retryAt = null;
      this.connect();
    }
    if (this.turns % 4 === 0) {
      this.rates = { bytes: this.seconds.bytes, frames: this.seconds.frames };
      this.seconds = { bytes: 0, frames: 0 };
    }
    // The server measures the round trip by our pongs; ask over HTTP only where it does not say.
    if (this.turns % 12 === 1 && this.open && this.toldRtt === null) {
      void (this.options.probeRtt ?? probe)().then((ms) => {
        if (ms !== null) this.sample(ms);
      });
    }
    const transport: Transport = this.open && this.connection !== null ? this.connection.transport : 'none';
    const repairing = ['orders', 'account', 'session'].some((name) => this.sequence.repairing(name));
    const recent = this.rtt.slice(-10);
    const state = this.judge.next(
      { transport, silenceMs: silence, rttP95Ms: this.toldRtt ?? p95(recent), repairing, everConnected: this.everOpen },
      now,
    );
    this.options.report({
      state,
      transport,
      rttMs: this.rtt[this.rtt.length - 1] ?? null,
      rttSamples: this.rtt,
      silenceMs: silence,
      missedBeats: Number.isFinite(silence) ? Math.max(0, Math.floor(silence / 1_000) - (transport === 'poll' ? 2 : 0)) : 0,
      gaps: this.sequence.gaps,
      duplicates: this.sequence.duplicates,
      malformed: this.malformed,
      reconnects: this.reconnects,
      epoch: this.epoch,
      bytesPerSecond: this.rates.bytes,
      framesPerSecond: this.rates.frames,
      retryInMs: this.retryAt === null ? null : Math.max(0, this.retryAt - now),
      lastClose: this.lastClose,
    });
  }
}
