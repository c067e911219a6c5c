"""What an order would do if it were sent now: cost, fee, fills, position, and every rule it breaks. Changes
nothing."""

from __future__ import annotations

from dataclasses import dataclass

from simulator_engine.core.commands import SubmitOrder
from simulator_engine.core.floor import Floor, Listing
from simulator_engine.core.reasons import Side, TimeInForce
from simulator_engine.core.records import BUY, SELL
from simulator_engine.core.tickets import Judgement, Refused, Ticket, ends_at_once

_ALL_LEVELS = 1_000_000


@dataclass(frozen=True, slots=True)
class Preview:
    """An estimate from the book as it is now. Money in minor units.

    `fill_lots` would trade at once for `fill_notional_minor` in all, the last of it at `worst_price_ticks`;
    `resting_lots` would stay in the book behind `quantity_ahead_lots`. `notional_minor` is both together,
    `cost_minor` what they take out of the account with `fee_minor`: below zero for a sale. `reserved_minor` is
    what the resting part holds back. `refusals` is every rule that it breaks, first the one it is refused for.
    """

    symbol: str
    side: Side
    quantity_lots: int
    fill_lots: int = 0
    fill_notional_minor: int = 0
    worst_price_ticks: int | None = None
    resting_lots: int = 0
    quantity_ahead_lots: int = 0
    notional_minor: int = 0
    fee_minor: int = 0
    cost_minor: int = 0
    reserved_minor: int = 0
    position_after_lots: int = 0
    buying_power_minor: int = 0
    buying_power_after_minor: int = 0
    refusals: tuple[Refused, ...] = ()


def estimate(floor: Floor, command: SubmitOrder, judgement: Judgement) -> Preview:
    """Walk the book with a judged order."""
    ticket = judgement.ticket
    listing = floor.listings.get(command.symbol)
    power = floor.account.buying_power_minor
    if ticket is None or listing is None:
        return Preview(
            symbol=command.symbol,
            side=command.side,
            quantity_lots=judgement.quantity_lots or 0,
            position_after_lots=floor.account.held_lots(command.symbol),
            buying_power_minor=power,
            buying_power_after_minor=power,
            refusals=tuple(judgement.broken),
        )
    instrument, sign = ticket.instrument, command.side.sign
    fills, stopped = _walk(floor, listing, command.side, ticket)
    filled = sum(lots for _, lots in fills)
    if command.time_in_force is TimeInForce.FILL_OR_KILL and filled < ticket.quantity_lots:
        fills, filled = [], 0
    rests = 0 if ends_at_once(command) or stopped else ticket.quantity_lots - filled
    notional = sum(instrument.notional_minor(price, lots) for price, lots in fills)
    fees = floor.account.terms.fees
    numerator = sum(fees.numerator(instrument.notional_minor(price, lots), lots, maker=False) for price, lots in fills)
    resting_notional = instrument.notional_minor(ticket.limit_ticks, rests)
    all_fees = numerator + fees.numerator(resting_notional, rests, maker=True)
    fee = fees.total(all_fees) if filled or rests else 0
    fee_now = fees.total(numerator) if filled else 0
    reserved = floor.account.needed_minor(
        instrument, command.side, ticket.limit_ticks, rests, numerator=numerator, charged=fee_now
    )
    ahead = floor.core.level(listing.index, BUY if sign > 0 else SELL, ticket.limit_ticks)[0] if rests else 0
    return Preview(
        symbol=command.symbol,
        side=command.side,
        quantity_lots=ticket.quantity_lots,
        fill_lots=filled,
        fill_notional_minor=notional,
        worst_price_ticks=fills[-1][0] if fills else None,
        resting_lots=rests,
        quantity_ahead_lots=ahead,
        notional_minor=notional + resting_notional,
        fee_minor=fee,
        cost_minor=sign * (notional + resting_notional) + fee,
        reserved_minor=reserved,
        position_after_lots=floor.account.held_lots(command.symbol) + sign * (filled + rests),
        buying_power_minor=power,
        buying_power_after_minor=power - sign * notional - fee_now - reserved,
        refusals=tuple(judgement.broken),
    )


def _walk(floor: Floor, listing: Listing, side: Side, ticket: Ticket) -> tuple[list[tuple[int, int]], bool]:
    """The (price, lots) that the order would take, and whether one of the trader's own orders stops it."""
    own: dict[int, int] = {}
    for order in floor.orders.live(symbol=listing.symbol, side=side.opposite):
        ahead = floor.core.quantity_ahead(listing.index, order.order_id)
        price = order.limit_ticks
        own[price] = min(ahead, own.get(price, ahead))
    left, fills = ticket.quantity_lots, []
    other = SELL if side is Side.BUY else BUY
    for price, resting, _ in floor.core.levels(listing.index, other, _ALL_LEVELS):
        worse = price > ticket.limit_ticks if side is Side.BUY else price < ticket.limit_ticks
        if worse or left == 0:
            break
        lots = min(left, own.get(price, resting))
        if lots:
            fills.append((price, lots))
            left -= lots
        if left and price in own:
            return fills, True
    return fills, False
