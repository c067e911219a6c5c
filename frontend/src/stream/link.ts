/**
 * The quality of the line as a pure function of what was measured. It decides what the trader may do, so it never
 * flatters: the worst reading wins, and recovery waits.
 */
import { HEARTBEAT_MS } from '@/config/runtime';

export type LinkState = 'connecting' | 'live' | 'degraded' | 'stale' | 'fallback' | 'offline';
export type Transport = 'ws' | 'sse' | 'poll' | 'none';

export interface LinkReading {
  transport: Transport;
  /** Milliseconds since any frame arrived; Infinity before the first. */
  silenceMs: number;
  rttP95Ms: number | null;
  repairing: boolean;
  everConnected: boolean;
}

/** UX rule: live, degraded at p95 ≥ 250 ms, two missed beats or a repair; stale at three; offline without transport. */
export function judge(reading: LinkReading): LinkState {
  if (reading.transport === 'none') return reading.everConnected ? 'offline' : 'connecting';
  const allowance = reading.transport === 'poll' ? 2_000 : 0;
  const missed = Math.floor((reading.silenceMs - allowance) / HEARTBEAT_MS);
  if (!Number.isFinite(reading.silenceMs)) return 'connecting';
  if (missed >= 4) return 'stale';
  if (reading.transport !== 'ws') return 'fallback';
  if (missed >= 3 || reading.repairing || (reading.rttP95Ms ?? 0) >= 250) return 'degraded';
  return 'live';
}

const RANK: Record<LinkState, number> = { live: 0, fallback: 1, degraded: 2, connecting: 3, stale: 4, offline: 5 };

/** Worsening shows at once; `degraded` is left only after `holdMs` of good readings, so that the pill does not flicker. */
export class LinkJudge {
  state: LinkState = 'connecting';
  private betterSince: number | null = null;
  private readonly holdMs: number;

  constructor(holdMs = 3_000) {
    this.holdMs = holdMs;
  }

  next(reading: LinkReading, nowMs: number): LinkState {
    const judged = judge(reading);
    if (RANK[judged] >= RANK[this.state] || this.state !== 'degraded') {
      this.state = judged;
      this.betterSince = null;
      return this.state;
    }
    this.betterSince ??= nowMs;
    if (nowMs - this.betterSince >= this.holdMs) {
      this.state = judged;
      this.betterSince = null;
    }
    return this.state;
  }
}

/** New orders may be sent unless prices may be false; cancels always may. */
export function mayTrade(state: LinkState): boolean {
  return state === 'live' || state === 'degraded' || state === 'fallback';
}

/** The 95th percentile of a short list, or null when it is empty. */
export function p95(samples: number[]): number | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? null;
}
