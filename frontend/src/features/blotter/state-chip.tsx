/** The state of an order as a word with a tone, including what was asked and not answered yet. */
import type { Order } from '@/generated/shapes';
import type { Asked } from '@/stream/private-reducer';

const WORDS: Record<string, [string, string]> = {
  PENDING_NEW: ['Pending', 'chip-warn'],
  NEW: ['Working', 'chip-good'],
  PARTIALLY_FILLED: ['Partly filled', 'chip-good'],
  FILLED: ['Filled', 'chip-good'],
  PENDING_CANCEL: ['Canceling', 'chip-warn'],
  PENDING_REPLACE: ['Amending', 'chip-warn'],
  CANCELED: ['Canceled', ''],
  REPLACED: ['Replaced', ''],
  EXPIRED: ['Expired', ''],
  REJECTED: ['Rejected', 'chip-bad'],
};

export function StateChip({ status, asked }: { status: Order['status'] | 'SENDING' | 'UNKNOWN'; asked?: Asked | undefined }) {
  const [word, tone] =
    status === 'SENDING' ? ['Sending', 'chip-warn'] : status === 'UNKNOWN' || asked === 'unknown' ? ['Unknown – reconciling', 'chip-bad'] : asked === 'cancel' ? ['Canceling', 'chip-warn'] : asked === 'replace' ? ['Amending', 'chip-warn'] : (WORDS[status] ?? [status, '']);
  return <span className={`chip ${tone}`}>{word}</span>;
}
