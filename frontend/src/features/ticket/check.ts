/** What can be said about an order before the server is asked. Pure; the server's word always stands above it. */
import { Decimal, toDecimal } from '@/lib/decimal';
import type { Instrument } from '@/generated/shapes';
import type { TicketDraft } from '@/stream/desk-store';

export interface DraftFaults {
  quantity?: string;
  price?: string;
}

function isMultiple(value: Decimal, step: string): boolean {
  const unit = toDecimal(step);
  return unit === null || unit.isZero() || value.mod(unit).isZero();
}

export function checkDraft(draft: TicketDraft, instrument: Instrument | undefined): DraftFaults {
  const faults: DraftFaults = {};
  const quantity = /^\d+(\.\d+)?$/.test(draft.quantity) ? toDecimal(draft.quantity) : null;
  if (quantity === null || quantity.lte(0)) faults.quantity = 'Enter a quantity above zero.';
  else if (instrument !== undefined) {
    if (!isMultiple(quantity, instrument.lot_size)) faults.quantity = `A multiple of ${instrument.lot_size}.`;
    else if (quantity.gt(instrument.max_quantity)) faults.quantity = `At most ${instrument.max_quantity}.`;
    else if (quantity.lt(instrument.min_quantity)) faults.quantity = `At least ${instrument.min_quantity}.`;
  }
  if (draft.type === 'LIMIT') {
    const price = /^\d+(\.\d+)?$/.test(draft.price) ? toDecimal(draft.price) : null;
    if (price === null || price.lte(0)) faults.price = 'Enter a limit price.';
    else if (instrument !== undefined && !isMultiple(price, instrument.tick_size)) faults.price = `A multiple of ${instrument.tick_size}.`;
  }
  return faults;
}

/** A price moved by whole ticks, never below one tick. */
export function stepPrice(price: string, tickSize: string, steps: number): string {
  const tick = new Decimal(tickSize);
  const base = toDecimal(price) ?? tick;
  const next = base.div(tick).round().plus(steps).times(tick);
  return (next.lt(tick) ? tick : next).toFixed(tick.decimalPlaces());
}

/** "0.01", 149.5 → "149.50": a price in the instrument's own notation. */
export function gridPrice(price: string, tickSize: string): string {
  const tick = new Decimal(tickSize);
  return new Decimal(price).toFixed(Math.max(tick.decimalPlaces(), 0));
}
