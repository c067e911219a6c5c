"""Figures: what was measured, the goal, and a reference from the same run; printed as a table and kept as JSON."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

RESULTS = pathlib.Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `reference` says what the same machine gives at best, or what we compare with."""

    group: str
    name: str
    value: float
    unit: str
    goal: str = ""
    reference: str = ""

    def text(self) -> str:
        digits = 0 if self.value >= 1000 else 1 if self.value >= 100 else 2
        return f"{self.value:,.{digits}f} {self.unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    rank = max(0, min(len(ordered) - 1, round(percent / 100 * len(ordered) + 0.5) - 1))
    return ordered[rank]


def milliseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile of durations in seconds, in milliseconds."""
    return statistics.median(seconds) * 1000, percentile(seconds, 99) * 1000


def print_table(figures: Sequence[Figure]) -> None:
    rows = [(f.group, f.name, f.text(), f.goal, f.reference) for f in figures]
    head = ("", "figure", "measured", "goal", "reference, same run")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def keep(name: str, figures: Sequence[Figure]) -> pathlib.Path:
    """Writes benchmarks/results/NAME.json, with the machine that it was measured on."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "figures": [asdict(figure) for figure in figures],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return path
