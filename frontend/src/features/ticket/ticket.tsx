/** The order ticket: market and limit, with the server's preview of cost and risk before anything is sent. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Button } from '@/components/button';
import { SelectField, TextField } from '@/components/field';
import type { Side } from '@/generated/shapes';
import { explain, refusal } from '@/lib/problem';
import { write } from '@/lib/hot-cell';
import { useDeskActions } from '@/stream/actions';
import type { NewOrder } from '@/stream/commands';
import { useDesk, useLink, usePump, useSession } from '@/stream/context';
import { mayTrade } from '@/stream/link';
import { checkDraft, gridPrice, stepPrice } from '@/features/ticket/check';
import { PreviewBox } from '@/features/ticket/preview-box';
import { usePreview } from '@/features/ticket/use-preview';

const TIME_IN_FORCE = [
  { value: 'DAY', label: 'Day' },
  { value: 'GTC', label: 'Good till canceled' },
  { value: 'IOC', label: 'Immediate or cancel' },
  { value: 'FOK', label: 'Fill or kill' },
];

export function Ticket() {
  const session = useSession();
  const actions = useDeskActions();
  const symbol = useDesk((state) => state.symbol);
  const draft = useDesk((state) => state.draft);
  const sizes = useDesk((state) => state.sizes);
  const focusTicket = useDesk((state) => state.focusTicket);
  const link = useLink((state) => state.state);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const [confirming, setConfirming] = useState(false);
  const bid = useRef<HTMLSpanElement>(null);
  const ask = useRef<HTMLSpanElement>(null);
  const filledFor = useRef('');
  const quantityInput = useRef<HTMLInputElement>(null);
  const instrument = session.market.instruments.get(symbol);
  const faults = checkDraft(draft, instrument);
  const sound = faults.quantity === undefined && faults.price === undefined && symbol !== '';
  const order: NewOrder | null = sound
    ? { symbol, side: draft.side, type: draft.type, quantity: draft.quantity, time_in_force: draft.timeInForce, ...(draft.type === 'LIMIT' ? { price: instrument === undefined ? draft.price : gridPrice(draft.price, instrument.tick_size) } : {}) }
    : null;
  const { preview, problem: previewProblem, asking } = usePreview(order);
  const { edit, pickSize } = session.desk.getState();

  usePump([`quote:${symbol}`], 200, (market) => {
    const quote = market.quotes.get(symbol);
    if (bid.current) write(bid.current, quote?.bid ?? '–');
    if (ask.current) write(ask.current, quote?.ask ?? '–');
  });
  useEffect(() => {
    if (focusTicket > 0) quantityInput.current?.select();
  }, [focusTicket]);
  // Another order is another question: neither the second press nor the last refusal carries over.
  useEffect(() => {
    setConfirming(false);
    setProblem('');
  }, [draft, symbol]);
  // A fresh limit order starts at the side it would join.
  useEffect(() => {
    if (draft.type !== 'LIMIT' || symbol === '' || filledFor.current === symbol) return;
    const fill = (): boolean => {
      // Once for each symbol: a field that the trader emptied stays empty.
      if (session.desk.getState().draft.price !== '') {
        filledFor.current = symbol;
        return true;
      }
      const quote = session.market.quotes.get(symbol);
      const start = (draft.side === 'BUY' ? quote?.bid : quote?.ask) ?? quote?.last;
      if (!start) return false;
      filledFor.current = symbol;
      edit({ price: start });
      return true;
    };
    if (fill()) return;
    const timer = setInterval(() => { if (fill()) clearInterval(timer); }, 200);
    return () => clearInterval(timer);
  }, [session, symbol, draft.type, draft.side, edit]);

  const send = async (): Promise<void> => {
    if (order === null || busy) return;
    // On a doubtful line every order is asked for twice.
    if (link === 'degraded' && !confirming) {
      setConfirming(true);
      return;
    }
    setBusy(true);
    setProblem('');
    setConfirming(false);
    const outcome = await actions.submit(order);
    setBusy(false);
    if (outcome?.kind === 'refused') setProblem(explain(outcome.problem));
    else if (outcome?.kind === 'done' && outcome.order.status === 'REJECTED') setProblem(refusal(outcome.order.reject_code ?? 'REJECTED', outcome.order.text));
  };
  const stepKeys = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (instrument === undefined || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    edit({ price: stepPrice(draft.price, instrument.tick_size, (event.key === 'ArrowUp' ? 1 : -1) * (event.shiftKey ? 10 : 1)) });
  };
  const sideButton = (side: Side) => (
    <button type="button" role="radio" aria-checked={draft.side === side} className={`side-pick ${side === 'BUY' ? 'side-buy' : 'side-sell'} ${draft.side === side ? 'side-on' : ''}`} onClick={() => edit({ side })}>
      <span className="text-sm font-semibold">{side === 'BUY' ? 'Buy' : 'Sell'}</span>
      <span className="num text-xs" ref={side === 'BUY' ? ask : bid} />
    </button>
  );
  const hint = problem !== '' ? problem : previewProblem !== null ? explain(previewProblem) : '';

  return (
    <form
      className="panel-scroll flex flex-col gap-3 p-3"
      aria-label={`Order ticket for ${symbol}`}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div role="radiogroup" aria-label="Side" className="grid grid-cols-2 gap-1.5">
        {sideButton('BUY')}
        {sideButton('SELL')}
      </div>
      <div role="radiogroup" aria-label="Order type" className="segmented">
        {(['LIMIT', 'MARKET'] as const).map((type) => (
          <button key={type} type="button" role="radio" aria-checked={draft.type === type} className={draft.type === type ? 'segment-on' : ''} onClick={() => edit({ type })}>
            {type === 'LIMIT' ? 'Limit' : 'Market'}
          </button>
        ))}
      </div>
      <div className="grid grid-cols-2 gap-2">
        <TextField ref={quantityInput} label="Quantity" inputMode="decimal" value={draft.quantity} error={faults.quantity} onChange={(event) => edit({ quantity: event.target.value.trim() })} />
        {draft.type === 'LIMIT' ? (
          <TextField label={`Limit price${instrument === undefined ? '' : ` (${instrument.currency})`}`} inputMode="decimal" value={draft.price} error={faults.price} onKeyDown={stepKeys} onChange={(event) => edit({ price: event.target.value.trim() })} />
        ) : (
          <TextField label="Price" value="Market" readOnly tabIndex={-1} />
        )}
      </div>
      <div className="flex gap-1" aria-label="Size presets">
        {sizes.map((size, index) => (
          <button key={size + String(index)} type="button" className={`size-pick flex-1 ${draft.quantity === size ? 'size-on' : ''}`} onClick={() => pickSize(index)}>
            {size}
          </button>
        ))}
      </div>
      <SelectField label="Time in force" value={draft.timeInForce} onChange={(event) => edit({ timeInForce: event.target.value as typeof draft.timeInForce })} options={TIME_IN_FORCE} />
      <PreviewBox preview={sound ? preview : null} asking={asking} problem={hint} />
      <Button type="submit" size="large" className="sticky bottom-0 shrink-0" tone={draft.side === 'BUY' ? 'buy' : 'sell'} busy={busy} disabled={order === null || !mayTrade(link)}>
        {confirming ? 'Slow line: press again to send' : !mayTrade(link) ? 'Waiting for the connection' : `${draft.side === 'BUY' ? 'Buy' : 'Sell'} ${draft.quantity || '0'} ${symbol}`}
      </Button>
    </form>
  );
}
