"""Mutations of models on a stack that has published: a backfill of the last days by a changed model must be stopped.

The short way of `make mutations`, which needs no days of its own, on a stack where nothing else builds meanwhile:
`python -m tests.mutations.published`. What it has built is put back to what it was.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from landfall.publish.groups import LAKE, TABLES, WAREHOUSE
from landfall.publish.publication import PublicationStore
from landfall.settings import Settings

from tests.mutations.models import ModelMutation, changed, text_mutations
from tests.mutations.stage import Said, Stage
from tests.mutations.states import Warehouse, lake_state, put_back

CHOSEN = (
    ("marts/fct_orders", "marts.fct_orders", "the oldest version wins"),
    ("marts/fct_payments", "marts.fct_payments", "captures only"),
    ("warehouse/dwh_fct_orders", "warehouse.dwh_fct_orders", "days in a zone two hours ahead"),
)
"""Model, its table, and what is done to it."""

_DAYS = 5
_KEPT = "mutations_kept"


def main() -> int:
    """Play those chosen and print who stopped each; return 1 if nobody did."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    silent = 0
    with tempfile.TemporaryDirectory(prefix="landfall-mutations-") as folder:
        stage = Stage(Path(folder))
        for model, table, name in CHOSEN:
            began_at = time.monotonic()
            stopped = [said for said in _played(stage, _mutation(model, name), table) if said.severity == "stop"]
            silent += not stopped
            told = f"{stopped[0].by}: {stopped[0].words}" if stopped else "SILENT"
            sys.stdout.write(f"{time.monotonic() - began_at:5.1f} s  {model}: {name}: {told}\n")
    return 1 if silent else 0


def _mutation(model: str, name: str) -> ModelMutation:
    return next(found for found in text_mutations() if (found.path, found.name) == (f"models/{model}.sql", name))


def _played(stage: Stage, mutation: ModelMutation, table: str) -> Sequence[Said]:
    """Return what dbt and the gate say of `table` once the mutated model has built its last days anew."""
    group = WAREHOUSE if table.startswith("warehouse.") else LAKE
    published = PublicationStore(Settings.from_environment()).current(LAKE)
    if published is None:
        raise RuntimeError("the stack has published nothing yet")
    stage.lake_version = published.version
    warehouse, before = Warehouse(), lake_state()
    if group == WAREHOUSE:
        warehouse.keep(_KEPT)
    options = ("--indirect-selection", "cautious", "--vars", _last_days())
    try:
        with changed(stage.project, mutation):
            said = stage.build(group, Path(mutation.path).stem, options=options)
        return [*said, *stage.audit(group, [table], version=published.version)]
    finally:
        if group == WAREHOUSE:
            warehouse.put_back(_KEPT, TABLES[WAREHOUSE])
        else:
            put_back(before, before)


def _last_days() -> str:
    today = datetime.now(UTC).date()
    return json.dumps(
        {"backfill_from": f"{today - timedelta(days=_DAYS)}", "backfill_to": f"{today + timedelta(days=1)}"}
    )


if __name__ == "__main__":
    sys.exit(main())
