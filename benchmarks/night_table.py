"""The table of what nights cost as history grows."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def print_nights(histories: Mapping[int, Sequence[Mapping[str, Any]]], *, bound: float) -> int:
    """Print what a night costs by history (times a history's days -> its nights).

    Return 1 if a night of the longest history scans more than `bound` times the bytes of one of the shortest, or uses
    more than that many times the RPU-seconds.
    """
    histories = dict(sorted(histories.items()))
    first, last = min(histories), max(histories)
    heads = "".join(f" {factor}x |" for factor in histories)
    sys.stdout.write(f"| one night |{heads} {last}x / {first}x |\n|---|{'---:|' * (len(histories) + 1)}\n")
    lasts = [nights[-1] for nights in histories.values()]
    lines: list[tuple[str, list[float]]] = [
        (f"Athena, bytes scanned: {stage}", [night["bytes"].get(stage, 0) for night in lasts])
        for stage in lasts[0]["bytes"]
    ]
    totals = [sum(night["bytes"].values()) for night in lasts]
    lines.append(("Athena, bytes scanned", totals))
    units = {
        kind: [_median(night["rpu_seconds"][kind] for night in nights) for nights in histories.values()]
        for kind in ("charged", "used")
    }
    lines += [(f"Redshift, RPU-seconds {kind}, median", values) for kind, values in units.items()]
    for engine in ("athena", "redshift"):
        times = [_median(_milliseconds(night, engine) for night in nights) for nights in histories.values()]
        lines.append((f"{engine.capitalize()}, ms of statements, median", times))
        counts = [sum(each["engine"] == engine for each in night["statements"]) for night in lasts]
        lines.append((f"{engine.capitalize()}, statements", counts))
    lines.append(
        ("run time, s, median", [_median(night["seconds"] for night in nights) for nights in histories.values()])
    )
    for name, values in lines:
        cells = "".join(f" {value:,.{1 if isinstance(value, float) else 0}f} |" for value in values)
        ratio = values[-1] / values[0] if values[0] else float("nan")
        sys.stdout.write(f"| {name} |{cells} {ratio:.2f} |\n")
    return 0 if all(values[-1] <= bound * values[0] for values in (totals, units["used"])) else 1


def _median(values: Iterable[float]) -> float:
    return float(statistics.median(values))


def _milliseconds(night: Mapping[str, Any], engine: str) -> int:
    return sum(each["milliseconds"] for each in night["statements"] if each["engine"] == engine)
