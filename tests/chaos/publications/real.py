"""Publications of both engines on the running local cloud: publishers killed at their calls, readers at 100 Hz."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Mapping

from tests.chaos.publications.fire import Fire
from tests.chaos.publications.lake_fire import LakeFire
from tests.chaos.publications.warehouse_fire import WarehouseFire

FIRES: Mapping[str, type[Fire]] = {"lake": LakeFire, "redshift": WarehouseFire}


def publish_under_fire(publications: int, *, engines: Iterable[str] = FIRES, seed: int = 0) -> int:
    """Try so many publications of a group of each engine, judge, print, and return 1 if anything was wrong.

    SIGTERM ends the engine under way early.
    """
    wrong = False
    for engine in engines:
        fire = FIRES[engine](seed, publications)
        signal.signal(signal.SIGTERM, lambda *_, fire=fire: fire.end_early())
        told = fire.run()
        wrong |= any(line.startswith("WRONG") for line in told)
        sys.stdout.write("\n".join([*told, ""]))
        sys.stdout.flush()
    return 1 if wrong else 0
