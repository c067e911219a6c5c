/** Full-jitter exponential back-off: many clients that lost the same server must not come back together. */
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS } from '@/config/runtime';

/** Milliseconds to wait before attempt `attempt` (0 first): between the minimum and a doubling ceiling. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt + 1, 10));
  return Math.round(BACKOFF_MIN_MS + random() * (ceiling - BACKOFF_MIN_MS));
}
