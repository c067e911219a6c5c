/** The server's answer to "what would this order do?", asked a moment after the last change. */
import { useEffect, useState } from 'react';
import { PREVIEW_DEBOUNCE_MS } from '@/config/runtime';
import type { OrderPreview } from '@/generated/shapes';
import { RequestProblem } from '@/lib/problem';
import type { NewOrder } from '@/stream/commands';
import { useSession } from '@/stream/context';

export interface PreviewState {
  preview: OrderPreview | null;
  problem: RequestProblem | null;
  asking: boolean;
}

const NOTHING: PreviewState = { preview: null, problem: null, asking: false };

/** `order` null asks nothing. An answer to an older question is dropped. */
export function usePreview(order: NewOrder | null): PreviewState {
  const session = useSession();
  const [answer, setAnswer] = useState<{ key: string; state: PreviewState }>({ key: '', state: NOTHING });
  const key = order === null ? '' : JSON.stringify(order);
  useEffect(() => {
    if (key === '') return;
    const abort = new AbortController();
    const body = JSON.parse(key) as NewOrder;
    const ask = async (): Promise<void> => {
      try {
        const preview = await session.commands.preview(body, abort.signal);
        setAnswer({ key, state: { preview, problem: null, asking: false } });
      } catch (failure) {
        if (abort.signal.aborted) return;
        setAnswer({ key, state: { preview: null, problem: failure instanceof RequestProblem ? failure : null, asking: false } });
      }
    };
    const first = setTimeout(() => void ask(), PREVIEW_DEBOUNCE_MS);
    // The market moves under an order that is being thought about.
    const again = setInterval(() => void ask(), 3_000);
    return () => {
      abort.abort();
      clearTimeout(first);
      clearInterval(again);
    };
  }, [session, key]);
  if (key === '') return NOTHING;
  // The last answer stays on screen, marked as being asked anew, so that nothing jumps.
  return answer.key === key ? answer.state : { ...answer.state, asking: true };
}
