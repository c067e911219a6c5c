"""Matching events a second: our core beside engines of PyPI, one stream, a fresh process for each run, medians.

Usage: python -m benchmarks.matching [--events N] [--runs N]

The peers are installed into an environment that is thrown away; one that cannot be had is left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass

from benchmarks.matching_worker import ADD, CANCEL, ENGINES, EVENT
from benchmarks.report import Figure, keep, print_table
from simulator_engine.core.factory import create_matching_core
from simulator_engine.core.records import ACCEPTED, BUY, TRADE

PEERS = {
    "pylobo": ("pylobo==0.1.2", "Rust"),
    "liquibook": ("liquibook==2.0.1", "C++"),
    "lightmatchingengine": ("lightmatchingengine==2019.1.4", "Python"),
    "pyorderbook": ("pyorderbook==0.4.9", "Python"),
}
RESTING = 3_200
MIDDLE = 15_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Encoded events with what a correct engine makes of them."""

    data: bytes
    events: int
    trades: int
    traded: int


def make_stream(count: int, seed: int = 7) -> Stream:
    """About 60 % limit orders near the touch, 35 % cancels of live orders, 5 % marketable; some 3 200 resting."""
    chance = random.Random(seed)
    core = create_matching_core(1)
    live: list[int] = []
    place: dict[int, int] = {}
    parts: list[bytes] = []
    trades = traded = number = 0

    def forget(order_id: int) -> None:
        at, last = place.pop(order_id), live.pop()
        if last != order_id:
            live[at] = last
            place[last] = at

    while len(parts) < count:
        dice = chance.random()
        if dice < 0.38 and len(live) > RESTING:
            order_id = live[int(chance.random() * len(live))]
            parts.append(EVENT.pack(CANCEL, 0, order_id, 0, 0))
            core.process((2, 0, 0, 0, 0, order_id, 2, 0, 0))
            forget(order_id)
            continue
        number += 1
        side = chance.randrange(2)
        sign = 1 if side == BUY else -1
        if dice > 0.95:
            price, lots = MIDDLE + sign * 10, chance.randrange(1, 20) * 100
        else:
            price, lots = MIDDLE - sign * (1 + int(chance.expovariate(0.08))), chance.randrange(1, 5) * 100
        parts.append(EVENT.pack(ADD, side, number, price, lots))
        for out in core.process((1, side, 0, 0, 0, number, 2, price, lots)):
            if out[0] == TRADE:
                trades += 1
                traded += out[10]
                if not out[11]:
                    forget(out[7])
            elif out[0] == ACCEPTED:
                place[number] = len(live)
                live.append(number)
    return Stream(b"".join(parts), len(parts), trades, traded)


def install_peers(folder: pathlib.Path) -> tuple[pathlib.Path, list[str]]:
    """A Python with the peers that could be installed, and their names."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    found = []
    for name, (requirement, _) in PEERS.items():
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            found.append(name)
        else:
            print(f"{requirement} cannot be installed here: left out", file=sys.stderr)
    return python, found


def run(python: pathlib.Path, engine: str, stream: pathlib.Path) -> dict[str, float] | None:
    """One fresh process; None when the engine fails over the stream."""
    root = pathlib.Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [python, "-m", "benchmarks.matching_worker", engine, stream],
        capture_output=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "0"},
        text=True,
    )
    if done.returncode:
        print(f"{engine} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measure(count: int, runs: int) -> list[Figure]:
    stream = make_stream(count)
    with tempfile.TemporaryDirectory(prefix="ts-") as temporary:
        folder = pathlib.Path(temporary)
        path = folder / "stream"
        path.write_bytes(stream.data)
        python, peers = install_peers(folder / "peers")
        rates: dict[str, float] = {}
        notes: dict[str, str] = {}
        for engine in ENGINES:
            if engine in PEERS and engine not in peers:
                continue
            # The venue's canonical state needs a package that only our own environment has.
            interpreter = python if engine in PEERS else pathlib.Path(sys.executable)
            results = [run(interpreter, engine, path) for _ in range(runs)]
            good = [result for result in results if result is not None]
            if not good:
                continue
            rates[engine] = stream.events / statistics.median(result["seconds"] for result in good)
            wrong = any(result["traded"] != stream.traded for result in good)
            peak = statistics.median(result["peak_kib"] for result in good) / 1024
            notes[engine] = f"{peak:.0f} MiB peak" + (", TRADES DIFFER" if wrong else "")
    figures = [Figure("matching", "events in the stream", stream.events, "", "", f"{stream.trades:,} trades")]
    for engine, rate in rates.items():
        language = f" ({PEERS[engine][1]})" if engine in PEERS else ""
        figures.append(Figure("matching", engine + language, rate, "events/s", "", notes[engine]))
    pure = [rates[name] for name in peers if name in rates and PEERS[name][1] == "Python"]
    own = rates["ours, one by one"]
    if pure:
        figures.append(Figure("matching", "ours ÷ fastest pure-Python peer", own / max(pure), "×", "≥ 3"))
    compiled = [rates[name] for name in peers if name in rates and PEERS[name][1] != "Python"]
    if compiled:
        figures.append(Figure("matching", "ours ÷ fastest compiled peer", own / max(compiled), "×"))
    figures.append(
        Figure("matching", "a participant's event at the venue", 1e6 / rates["ours, through the venue"], "µs", "≤ 10")
    )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    figures = measure(arguments.events, arguments.runs)
    print_table(figures)
    print(f"\nkept in {keep('matching', figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
