"""The engine's own command line: serve a session, or look at the scenarios."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from simulator_engine import ENGINE_VERSION


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator_engine",
        description="The exchange of one trader: a deterministic market with a real order book.",
    )
    parser.add_argument("--version", action="version", version=f"engine {ENGINE_VERSION}")
    actions = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
    actions.add_parser(
        "serve",
        help="serve one session; its configuration is read as JSON from standard input, because it holds a secret",
    )
    actions.add_parser("scenarios", help="list what can be played")
    run = actions.add_parser("run", help="run a market without a trader and print its event hash")
    run.add_argument("--scenario", default="open-market")
    run.add_argument("--date", default=None, help="YYYY-MM-DD, for scenarios on real days")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--minutes", type=float, default=10.0, help="simulated minutes (default 10)")
    arguments = parser.parse_args(argv)
    if arguments.action == "serve":
        return _serve()
    if arguments.action == "scenarios":
        return _scenarios()
    return _run(arguments)


def _serve() -> int:
    from simulator_engine.config import SimulatorConfig
    from simulator_engine.server import serve

    try:
        config = SimulatorConfig.from_json(sys.stdin.buffer.read())
    except ValueError as error:
        print(f"cannot serve: {error}", file=sys.stderr)
        return 2
    return serve(config)


def _scenarios() -> int:
    from simulator_engine.market.scenarios import load_catalogue, playable_days

    for scenario in load_catalogue():
        days = playable_days(scenario.slug)
        when = f"{days[0].date} to {days[-1].date}" if len(days) > 1 else days[0].date
        print(f"{scenario.slug:16} {scenario.title} ({when}): {scenario.summary}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    import time

    from simulator_engine.market.exchange import Exchange
    from simulator_engine.market.scenarios import NotPlayable, UnknownScenario, resolve
    from simulator_engine.runtime.spec import account_terms

    try:
        scenario = resolve(arguments.scenario, date=arguments.date)
    except (UnknownScenario, NotPlayable) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 2
    started = time.perf_counter()
    exchange = Exchange.create(scenario=scenario, seed=arguments.seed, account=account_terms(scenario, {}))
    created, before = time.perf_counter(), exchange.event_count
    until = exchange.sim_time_ns + int(arguments.minutes * 60) * 1_000_000_000
    while not exchange.advance(until):
        exchange.drain()
    took = time.perf_counter() - created
    count = exchange.event_count - before
    rate = count / max(took, 1e-9)
    print(f"created in {created - started:.2f} s; {count} events in {took:.2f} s ({rate:,.0f} a second)")
    print(f"event hash {exchange.event_hash.hex()} state hash {exchange.state_hash()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
