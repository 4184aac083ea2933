"""The histories of both engines under one seed."""

from __future__ import annotations

from tests.chaos.publications.history import ODDS, Ended
from tests.chaos.publications.history import Histories as LakeHistories
from tests.chaos.publications.warehouse_history import WarehouseHistories
from tests.chaos.schedule import Odds


class Histories:
    """Plays a seed's history of the lake, then the one of the warehouse."""

    def play(self, seed: int, odds: Odds = ODDS) -> Ended:
        """Return both as one; that of the warehouse only if the lake's was right."""
        lake = LakeHistories().play(seed, odds)
        if lake.violations:
            return lake
        warehouse = WarehouseHistories().play(seed, odds)
        return Ended(
            seed,
            warehouse.violations,
            lake.points + warehouse.points,
            [*lake.trace, *warehouse.trace],
            lake.counts + warehouse.counts,
        )
