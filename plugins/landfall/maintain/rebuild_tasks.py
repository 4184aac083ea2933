"""The tasks of rebuild_raw: a rebuild put together with what the environment says."""

from __future__ import annotations

from typing import Any

from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.contracts import load_stream_contract
from landfall.maintain.rebuild import Rebuild, Surroundings
from landfall.settings import REPOSITORY, Settings


def build_anew(*, stream: str, run_id: str, afresh: bool) -> dict[str, Any]:
    """Load all of landing beside the live tables; return the counts of this run."""
    return _rebuild(stream, run_id).build(afresh=afresh)


def compare_tables(*, stream: str, run_id: str) -> dict[str, Any]:
    """Return what differs between live and rebuilt tables, with examples."""
    return _rebuild(stream, run_id).compare()


def swap_tables(*, stream: str, run_id: str) -> dict[str, Any]:
    """Let live and rebuilt tables change places."""
    return _rebuild(stream, run_id).swap()


def swap_back(*, stream: str, run_id: str) -> dict[str, Any]:
    """Make the tables live again that the last swap replaced."""
    return _rebuild(stream, run_id).swap_back()


def _rebuild(stream: str, run_id: str) -> Rebuild:
    settings = Settings.from_environment()
    return Rebuild(
        contract=load_stream_contract(REPOSITORY / "contracts" / "streams" / f"{stream}.yaml"),
        run_id=run_id,
        surroundings=Surroundings(
            settings=settings, engine=Athena(settings=settings), items=ItemTable(name=settings.ledger_table)
        ),
    )
