"""The trader's commands at the venue: submit, cancel, replace, mass cancel, flatten. Every answer is an
event.

A refusal is an event with its reason; nothing raises for what a trader may write.
"""

from __future__ import annotations

from simulator_engine.core.commands import CancelOrder, Command, FlattenPosition, MassCancel, ReplaceOrder, SubmitOrder
from simulator_engine.core.events import CancelRejected
from simulator_engine.core.floor import USER_OWNER, Floor
from simulator_engine.core.orders import Order
from simulator_engine.core.reasons import CancelReason, ExecType, OrderType, OrdStatus, RejectCode, Side, TimeInForce
from simulator_engine.core.records import (
    ADD,
    BUY,
    CANCEL,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LEVEL,
    POST_ONLY,
    REPLACE,
    REST,
    SELL,
)
from simulator_engine.core.risk import RiskGate, VenueRules
from simulator_engine.core.tickets import Judgement, Refused


class Desk:
    """Takes the trader's commands to the floor."""

    def __init__(self, *, floor: Floor, gate: RiskGate, rules: VenueRules) -> None:
        self._floor = floor
        self._gate = gate
        self._self_match = int(rules.self_match)

    def handle(self, command: Command, now: int) -> None:
        """Judge and carry out one command; its answers are published on the floor."""
        if isinstance(command, SubmitOrder):
            self.submit(command, now)
        elif isinstance(command, CancelOrder):
            self.cancel(command, now)
        elif isinstance(command, ReplaceOrder):
            self.replace(command, now)
        elif isinstance(command, MassCancel):
            self.mass_cancel(command, now)
        else:
            self.flatten(command, now)

    def best_opposite(self, symbol: str, side: Side) -> int | None:
        listing = self._floor.listings.get(symbol)
        if listing is None:
            return None
        best = self._floor.core.best(listing.index, SELL if side is Side.BUY else BUY)
        return None if best is None else best[0]

    def judge(self, command: SubmitOrder, *, closing: bool = False) -> Judgement:
        """Every rule that a new order would break now."""
        return self._gate.judge_new(
            command,
            phase=self._floor.phase,
            best_opposite=self.best_opposite(command.symbol, command.side),
            closing=closing,
        )

    # -- commands --------------------------------------------------------------------------------------------

    def submit(self, command: SubmitOrder, now: int, *, closing: bool = False) -> None:
        floor = self._floor
        judgement = self.judge(command, closing=closing)
        if judgement.broken or judgement.ticket is None:
            self._reject(command, judgement, now)
            return
        ticket = judgement.ticket
        order = self._record(command, ticket.quantity_lots, ticket.price_ticks, now)
        order.collar_ticks = ticket.limit_ticks if ticket.price_ticks is None else 0
        floor.orders.add(order)
        order.move(ExecType.NEW, OrdStatus.NEW)
        floor.hold(order)
        listing = floor.listings[order.symbol]
        outs = floor.core.process(
            (
                ADD,
                BUY if order.side is Side.BUY else SELL,
                _condition(order),
                self._self_match,
                listing.index,
                order.order_id,
                USER_OWNER,
                ticket.limit_ticks,
                order.quantity_lots,
            )
        )
        floor.report(order, ExecType.NEW, now, ahead=floor.core.quantity_ahead(listing.index, order.order_id))
        floor.absorb(listing, outs, now)

    def cancel(self, command: CancelOrder, now: int) -> None:
        order = self._floor.orders.find(command.client_order_id)
        if order is None or order.status.terminal:
            self._refuse(command.request_id, command.client_order_id, order, None, now, for_replace=False)
            return
        self._end(order, now)

    def replace(self, command: ReplaceOrder, now: int) -> None:
        floor = self._floor
        original = command.original_client_order_id
        order = floor.orders.find(original)
        if order is None or order.status.terminal:
            self._refuse(command.request_id, original, order, None, now, for_replace=True)
            return
        if order.client_order_id != original:
            why = Refused(RejectCode.SUPERSEDED, f"{original} became {order.client_order_id}")
            self._refuse(command.request_id, original, order, why, now, for_replace=True)
            return
        judgement = self._gate.judge_replace(
            order, command, phase=floor.phase, best_opposite=self.best_opposite(order.symbol, order.side)
        )
        if judgement.broken or judgement.ticket is None:
            self._refuse(command.request_id, original, order, judgement.broken[0], now, for_replace=True)
            return
        ticket = judgement.ticket
        listing = floor.listings[order.symbol]
        leaves = ticket.quantity_lots - order.cum_lots - order.canceled_lots
        floor.orders.rename(order, command.request_id)
        if leaves <= 0:
            outs = floor.core.process((CANCEL, 0, 0, 0, listing.index, order.order_id, USER_OWNER, 0, 0))
            order.quantity_lots = order.cum_lots + order.canceled_lots
            order.move(ExecType.REPLACED, OrdStatus.FILLED)
            floor.orders.retire(order)
            floor.hold(order)
            floor.report(order, ExecType.REPLACED, now)
            floor.absorb(listing, [out for out in outs if out[0] == LEVEL], now)
            return
        order.quantity_lots = ticket.quantity_lots
        order.price_ticks = ticket.price_ticks
        order.move(ExecType.REPLACED, order.status)
        floor.hold(order)
        outs = floor.core.process(
            (
                REPLACE,
                BUY if order.side is Side.BUY else SELL,
                0,
                self._self_match,
                listing.index,
                order.order_id,
                USER_OWNER,
                ticket.limit_ticks,
                leaves,
            )
        )
        ahead = floor.core.quantity_ahead(listing.index, order.order_id)
        floor.report(order, ExecType.REPLACED, now, ahead=ahead)
        floor.absorb(listing, outs, now)

    def mass_cancel(self, command: MassCancel, now: int) -> None:
        for order in self._floor.orders.live(symbol=command.symbol, side=command.side):
            self._end(order, now)

    def flatten(self, command: FlattenPosition, now: int) -> None:
        """Cancel the symbol's orders and trade the position away; refused as a whole, or done as a whole."""
        floor = self._floor
        listing = floor.listings.get(command.symbol)
        held = floor.account.held_lots(command.symbol)
        lots = abs(held) * (2 if command.reverse else 1)
        order = SubmitOrder(
            request_id=command.request_id,
            symbol=command.symbol,
            side=Side.SELL if held >= 0 else Side.BUY,
            order_type=OrderType.MARKET,
            quantity="0" if listing is None else listing.instrument.format_quantity(lots),
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            reduce_only=not command.reverse,
        )
        if listing is not None and held == 0:
            self.mass_cancel(MassCancel(command.request_id, command.symbol), now)
            why = Refused(RejectCode.NO_CHANGE, f"there is no position in {command.symbol}")
            self._reject(order, Judgement(None, [why], 0), now)
            return
        judgement = self.judge(order, closing=True)
        if judgement.broken:
            self._reject(order, judgement, now)
            return
        self.mass_cancel(MassCancel(command.request_id, command.symbol), now)
        self.submit(order, now, closing=True)

    def expire(self, order: Order, now: int) -> None:
        """The day is over for a DAY order."""
        self._end(order, now, (ExecType.EXPIRED, CancelReason.END_OF_DAY))

    # -- answers ---------------------------------------------------------------------------------------------

    def _end(
        self, order: Order, now: int, ended: tuple[ExecType, CancelReason] = (ExecType.CANCELED, CancelReason.REQUESTED)
    ) -> None:
        floor = self._floor
        listing = floor.listings[order.symbol]
        outs = floor.core.process((CANCEL, 0, 0, 0, listing.index, order.order_id, USER_OWNER, 0, 0))
        floor.absorb(listing, outs, now, ended)

    def _record(self, command: SubmitOrder, lots: int, price: int | None, now: int) -> Order:
        number = self._floor.next_order_id
        self._floor.next_order_id = number + 1
        return Order(
            order_id=number,
            client_order_id=command.request_id,
            symbol=command.symbol,
            side=command.side,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            quantity_lots=lots,
            price_ticks=price,
            post_only=command.post_only,
            reduce_only=command.reduce_only,
            entered_ns=now,
        )

    def _reject(self, command: SubmitOrder, judgement: Judgement, now: int) -> None:
        floor = self._floor
        order = self._record(command, judgement.quantity_lots or 0, judgement.price_ticks, now)
        order.move(ExecType.REJECTED, OrdStatus.REJECTED)
        if floor.orders.find(command.request_id) is None:
            floor.orders.add(order)
            floor.orders.retire(order)
        code, text = judgement.broken[0]
        floor.report(
            order,
            ExecType.REJECTED,
            now,
            reject_code=code,
            text=text,
            raw_quantity=command.quantity if judgement.quantity_lots is None else None,
            raw_price=command.price if judgement.price_ticks is None else None,
        )

    def _refuse(
        self, request_id: str, original: str, order: Order | None, why: Refused | None, now: int, *, for_replace: bool
    ) -> None:
        """Answer a cancel or replace that cannot be done; without `why` from the order's own state."""
        if why is None and order is None:
            why = Refused(RejectCode.UNKNOWN_ORDER, f"there is no order {original}")
        elif why is None and order is not None:
            why = Refused(RejectCode.TOO_LATE_TO_CANCEL, f"{original} is {order.status} already")
        assert why is not None
        floor = self._floor
        number = floor.take_execution_id()
        floor.publish(
            CancelRejected(
                order_id=0 if order is None else order.order_id,
                client_order_id=request_id,
                original_client_order_id=original,
                symbol="" if order is None else order.symbol,
                status=None if order is None else order.status,
                for_replace=for_replace,
                reject_code=why.code,
                text=why.text,
                sim_time_ns=now,
                execution_id=number,
                standing=None if order is None else floor.standing(order, ExecType.RESTATED, now, number),
            )
        )


def _condition(order: Order) -> int:
    if order.time_in_force is TimeInForce.FILL_OR_KILL:
        return FILL_OR_KILL
    if order.order_type is OrderType.MARKET or order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
        return IMMEDIATE_OR_CANCEL
    return POST_ONLY if order.post_only else REST
