import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centred, ownOrders, shouldCentre, tickAt } from '@/features/ladder/ladder-view';
import { anOrder } from '@/testing/wire';

describe('ladder', () => {
  it('never moves while the pointer is on it or a button is down', () => {
    fc.assert(fc.property(fc.nat(50_000), fc.nat(50_000), fc.integer({ min: 8, max: 80 }), fc.boolean(), (top, middle, rows, down) =>
      !shouldCentre({ top, rows, middle, pointerInside: !down, buttonDown: down }),
    ));
  });
  it('stays where it is once it is centred, until the market leaves', () => {
    fc.assert(fc.property(fc.integer({ min: 100, max: 50_000 }), fc.integer({ min: 8, max: 80 }), (middle, rows) => {
      const top = centred(middle, rows);
      const still = { top, rows, pointerInside: false, buttonDown: false };
      return !shouldCentre({ ...still, middle }) && shouldCentre({ ...still, middle: middle + rows }) && tickAt(top, Math.floor(rows / 2)) === middle;
    }));
  });
  it('sums own orders of a price and shows the place of the first', () => {
    const orders = [
      anOrder({ client_order_id: 'a', price: '150.00', leaves_quantity: '60' }),
      anOrder({ client_order_id: 'b', price: '150.00', leaves_quantity: '40' }),
      anOrder({ client_order_id: 'c', price: '151.00', side: 'SELL', leaves_quantity: '5' }),
    ];
    const { buys, sells } = ownOrders(orders, (price) => (price === null ? null : Math.round(Number(price) * 100)), new Map([['a', '900'], ['b', '1200']]));
    expect(buys.get(15_000)).toMatchObject({ quantity: 100, ahead: '900' });
    expect(sells.get(15_100)?.ahead).toBeNull();
  });
});
