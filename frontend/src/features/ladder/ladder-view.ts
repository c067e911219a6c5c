/** The ladder's arithmetic: which price stands on which row, and when the window may move. Pure. */
import type { Order } from '@/generated/shapes';

/** The tick on `row` of a window whose first row shows `top`. */
export function tickAt(top: number, row: number): number {
  return top - row;
}

/** The first tick of a window of `rows` with `middle` in its middle. */
export function centred(middle: number, rows: number): number {
  return middle + Math.floor(rows / 2);
}

export interface CentreInputs {
  top: number;
  rows: number;
  middle: number | null;
  pointerInside: boolean;
  buttonDown: boolean;
}

/** The window moves by itself only when the market left it and nobody points at it. */
export function shouldCentre({ top, rows, middle, pointerInside, buttonDown }: CentreInputs): boolean {
  if (middle === null || pointerInside || buttonDown) return false;
  const row = top - middle;
  const margin = Math.max(2, Math.floor(rows / 6));
  return row < margin || row > rows - 1 - margin;
}

export interface OwnAtPrice {
  quantity: number;
  ahead: string | null;
  orders: Order[];
}

/** The trader's own working orders by side and tick. */
export function ownOrders(orders: Order[], ticksOf: (price: string | null) => number | null, ahead: ReadonlyMap<string, string>): { buys: Map<number, OwnAtPrice>; sells: Map<number, OwnAtPrice> } {
  const buys = new Map<number, OwnAtPrice>();
  const sells = new Map<number, OwnAtPrice>();
  for (const order of orders) {
    const ticks = ticksOf(order.price);
    if (ticks === null) continue;
    const side = order.side === 'BUY' ? buys : sells;
    const place = ahead.get(order.client_order_id) ?? order.quantity_ahead ?? null;
    const found = side.get(ticks);
    if (found === undefined) side.set(ticks, { quantity: Number(order.leaves_quantity), ahead: place, orders: [order] });
    else {
      found.quantity += Number(order.leaves_quantity);
      found.orders.push(order);
      // The order in front is the one whose fill comes first.
      if (place !== null && (found.ahead === null || Number(place) < Number(found.ahead))) found.ahead = place;
    }
  }
  return { buys, sells };
}
