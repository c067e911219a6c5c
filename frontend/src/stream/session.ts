/**
 * One open trading session: loads the facts over REST, follows them by stream, and offers the desk of commands.
 * Facts are loaded after the numbers they belong to, so that a replay can repeat but never miss one.
 */
import { createStore } from 'zustand/vanilla';
import type { Account, Execution, Instrument, Order, Position, SessionDetail, Trade } from '@/generated/shapes';
import { get } from '@/lib/http';
import { refusal } from '@/lib/problem';
import { StreamClient, type LinkReport } from '@/stream/client';
import { createDesk, readAll, type CommandDesk } from '@/stream/commands';
import { createDeskStore, type DeskStore } from '@/stream/desk-store';
import { mayTrade } from '@/stream/link';
import { MarketStore } from '@/stream/market-store';
import { EMPTY, reduce, type PrivateAction, type PrivateState } from '@/stream/private-reducer';
import { PRIVATE_STREAMS, type BookDelta, type BookSnapshot, type CandleBar, type Frame, type QueueUpdate, type Quote, type TradePrint } from '@/stream/protocol';
import { Pump } from '@/stream/pump';

export interface ClockState {
  simTime: string | null;
  /** Wall clock (performance) at which simTime was heard. */
  heardAt: number;
  paused: boolean;
  speed: number;
  phase: string | null;
  status: string;
}

export type Notice = { tone: 'good' | 'bad' | 'info'; title: string; detail?: string };

export const NO_LINK: LinkReport = {
  state: 'connecting', transport: 'none', rttMs: null, rttSamples: [], silenceMs: Infinity, missedBeats: 0, gaps: 0,
  duplicates: 0, malformed: 0, reconnects: 0, epoch: 0, bytesPerSecond: 0, framesPerSecond: 0, retryInMs: null, lastClose: null,
};

function rows<T>(answer: T[] | { results: T[] }): T[] {
  return Array.isArray(answer) ? answer : answer.results;
}

/** The first of these that is text. */
function words(...candidates: unknown[]): string {
  const found = candidates.find((candidate) => typeof candidate === 'string' && candidate !== '');
  return typeof found === 'string' ? found : '';
}

export class TradingSession {
  readonly id: string;
  readonly market = new MarketStore();
  readonly pump = new Pump();
  readonly desk: DeskStore = createDeskStore();
  readonly facts = createStore<PrivateState>()(() => EMPTY);
  readonly link = createStore<LinkReport>()(() => NO_LINK);
  readonly clock = createStore<ClockState>()(() => ({ simTime: null, heardAt: 0, paused: false, speed: 1, phase: null, status: 'READY' }));
  readonly commands: CommandDesk;
  detail: SessionDetail | null = null;
  onNotice: (notice: Notice) => void = () => undefined;
  private readonly client: StreamClient;
  private readonly joined = new Map<string, number>();
  private refreshedAt = new Map<string, number>();

  constructor(id: string, check?: (item: unknown) => void) {
    this.id = id;
    this.commands = createDesk({ sessionId: id, state: () => this.facts.getState(), dispatch: this.dispatch });
    this.client = new StreamClient({
      sessionId: id,
      check,
      apply: (frame) => this.apply(frame),
      reload: () => this.reload(),
      report: (report) => this.hear(report),
    });
  }

  readonly dispatch = (action: PrivateAction): void => this.facts.setState(reduce(this.facts.getState(), action), true);

  /** Load everything and start to follow it. Throws what the first failing request threw. */
  async open(): Promise<void> {
    const base = `/sessions/${this.id}`;
    await this.reload();
    const instruments = rows(await get<Instrument[] | { results: Instrument[] }>(`${base}/instruments`));
    this.market.load(instruments);
    const first = instruments[0]?.symbol ?? '';
    this.desk.getState().select(first);
    for (const instrument of instruments) {
      if (this.market.quotes.has(instrument.symbol)) continue;
      this.market.applyQuote({
        symbol: instrument.symbol, bid: null, bid_quantity: null, ask: null, ask_quantity: null,
        last: instrument.last_price, previous_close: instrument.previous_close, change: null, volume: null,
      });
    }
    this.client.start([...PRIVATE_STREAMS, 'quotes', 'queue', ...this.joined.keys()]);
  }

  close(): void {
    this.client.stop();
  }

  /** Read the facts again; the session's numbers first, so that the stream repeats rather than skips. */
  private async reload(): Promise<void> {
    const base = `/sessions/${this.id}`;
    const detail = await get<SessionDetail>(base);
    const [orders, executions, positions, account] = await Promise.all([
      readAll<Order>(`${base}/orders`, { limit: 200 }, 1_000),
      readAll<Execution>(`${base}/executions`, { limit: 200 }, 1_000),
      get<Position[] | { results: Position[] }>(`${base}/positions`).then(rows),
      get<Account>(`${base}/account`),
    ]);
    this.detail = detail;
    for (const name of PRIVATE_STREAMS) {
      const reached = Math.max(0, detail.next_seq[name] - 1);
      if (reached >= this.client.sequence.lastSeq(name)) this.client.sequence.begin(name, detail.epoch, reached);
    }
    this.dispatch({ type: 'loaded', orders, executions, positions, account });
    this.setClock({
      simTime: detail.sim_time,
      heardAt: performance.now(),
      speed: Number(detail.speed) || 1,
      paused: detail.paused,
      phase: detail.phase,
      status: detail.status,
    });
  }

  /** Follow a stream for as long as someone looks; answers the way to stop. */
  follow(stream: string): () => void {
    const count = this.joined.get(stream) ?? 0;
    this.joined.set(stream, count + 1);
    if (count === 0) this.client.subscribe([stream]);
    return () => {
      const left = (this.joined.get(stream) ?? 1) - 1;
      if (left > 0) this.joined.set(stream, left);
      else {
        this.joined.delete(stream);
        this.client.unsubscribe([stream]);
      }
    };
  }

  reconnectNow(): void {
    this.client.hurry();
  }

  mayTrade(): boolean {
    return mayTrade(this.link.getState().state);
  }

  async loadTape(symbol: string): Promise<void> {
    const trades = rows(await get<Trade[] | { results: Trade[] }>(`/sessions/${this.id}/trades`, { symbol, limit: 100 }));
    if (this.market.tapes.has(symbol)) return;
    this.market.applyTrades(symbol, [...trades].sort((a, b) => a.seq - b.seq));
  }

  setClock(change: Partial<ClockState>): void {
    const before = this.clock.getState();
    // Shown time never runs back while a session goes on.
    const simTime = change.simTime && before.simTime && change.simTime < before.simTime ? before.simTime : (change.simTime ?? before.simTime);
    this.market.noteTime(simTime);
    this.clock.setState({ ...before, ...change, simTime });
  }

  private hear(report: LinkReport): void {
    const before = this.link.getState();
    this.link.setState(report, true);
    if (before.state !== report.state && report.state !== 'live' && this.desk.getState().armed) {
      this.desk.getState().arm(false);
      this.onNotice({ tone: 'info', title: 'Disarmed', detail: 'The connection is not live. Arm again when it is.' });
    }
  }

  private apply(frame: Frame): void {
    const stream = frame.stream ?? '';
    this.market.noteTime(frame.sim_time);
    const data = (frame.data ?? {}) as Record<string, unknown>;
    switch (frame.type) {
      case 'heartbeat':
        if (typeof data.sim_time === 'string') this.market.noteTime(data.sim_time);
        return;
      case 'quote':
        this.market.lastDataAt = performance.now();
        this.market.applyQuote(data as unknown as Quote);
        return;
      case 'book.snapshot':
      case 'book.delta': {
        this.market.lastDataAt = performance.now();
        const verdict = this.market.applyBook(frame.type, data as unknown as BookSnapshot | BookDelta);
        if (verdict === 'gap' || verdict === 'checksum') this.refresh(stream);
        return;
      }
      case 'trade':
        this.market.applyTrades(stream.split(':')[1] ?? '', (data.trades ?? [data]) as TradePrint[]);
        return;
      case 'candle':
        this.market.applyCandle(stream.replace(/^candles:/, ''), data as unknown as CandleBar);
        return;
      case 'queue.updated':
        this.dispatch({ type: 'queue', orders: (data as unknown as QueueUpdate).orders });
        return;
      case 'account.updated':
        this.dispatch({ type: 'account', account: data as unknown as Account });
        return;
      case 'position.updated':
        this.dispatch({ type: 'position', position: data as unknown as Position });
        return;
      case 'snapshot':
        // Private snapshots are answered by a reload; a book's comes as book.snapshot.
        return;
      case 'error':
        this.onNotice({ tone: 'bad', title: 'The stream reports a problem', detail: words(frame.detail, data.detail, data.message, data.code) });
        return;
      case 'server_shutdown':
        this.onNotice({ tone: 'info', title: 'The server restarts', detail: 'Your orders are safe. The terminal reconnects by itself.' });
        return;
      default:
        if (stream === 'orders') this.applyOrder(frame);
        else if (stream === 'session' || frame.type.startsWith('session.')) this.applySession(frame);
    }
  }

  /** At most one fresh snapshot a second per stream, so that a persistent fault is no storm. */
  private refresh(stream: string): void {
    const now = performance.now();
    if (now - (this.refreshedAt.get(stream) ?? -Infinity) < 1_000) return;
    this.refreshedAt.set(stream, now);
    this.client.refresh(stream);
  }

  private applyOrder(frame: Frame): void {
    const execution = { ...(frame.data as Execution), seq: frame.seq ?? (frame.data as Execution).seq };
    if (frame.type === 'cancel.rejected') {
      this.dispatch({ type: 'asked', orderId: execution.order_id, asked: null });
      this.onNotice({ tone: 'bad', title: `${execution.symbol}: cancel refused`, detail: refusal(execution.reject_code ?? 'REJECTED', execution.text) });
      return;
    }
    const wasKnown = this.facts.getState().fills.some((fill) => fill.execution_id === execution.execution_id);
    this.dispatch({ type: 'execution', execution, report: frame.type });
    if (frame.poss_dup === true || wasKnown) return;
    if (frame.type === 'order.filled') {
      const verb = execution.side === 'BUY' ? 'Bought' : 'Sold';
      this.onNotice({
        tone: 'good',
        title: `${verb} ${execution.last_quantity ?? ''} ${execution.symbol} at ${execution.last_price ?? ''}`,
        detail: execution.status === 'FILLED' ? 'Order filled.' : `${execution.leaves_quantity} left.`,
      });
    } else if (frame.type === 'order.rejected') {
      this.onNotice({ tone: 'bad', title: `${execution.symbol}: order rejected`, detail: refusal(execution.reject_code ?? 'REJECTED', execution.text) });
    } else if (frame.type === 'order.expired') {
      this.onNotice({ tone: 'info', title: `${execution.symbol}: order expired` });
    }
  }

  private applySession(frame: Frame): void {
    const data = (frame.data ?? {}) as Record<string, unknown>;
    const change: Partial<ClockState> = { heardAt: performance.now() };
    const simTime = data.sim_time ?? frame.sim_time;
    if (typeof simTime === 'string') change.simTime = simTime;
    if (data.speed !== undefined && data.speed !== null) change.speed = Number(data.speed) || this.clock.getState().speed;
    if (typeof data.paused === 'boolean') change.paused = data.paused;
    if (typeof data.phase === 'string') change.phase = data.phase;
    switch (frame.type) {
      case 'session.paused':
        // The platform's word, without a number: the run is away. The trader's own pause is a clock.changed.
        delete change.paused;
        change.status = 'RECOVERING';
        break;
      case 'session.resumed':
      case 'session.ready':
        change.status = 'READY';
        if (this.clock.getState().status === 'RECOVERING') {
          this.market.restart();
          this.onNotice({ tone: 'info', title: 'The exchange was restored', detail: 'Nothing was lost: same book, orders and positions.' });
        }
        break;
      case 'session.stopped':
        change.status = 'STOPPED';
        break;
      case 'session.moved':
        change.status = 'MOVING';
        break;
      case 'news':
      case 'halt':
        this.onNotice({ tone: 'info', title: words(data.headline, data.title, frame.type), detail: words(data.text) });
        break;
      default:
    }
    this.setClock(change);
  }
}
