"""A raw table made anew says what the old one says, takes its place while loads go on, and can give it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from landfall.aws import glue
from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.errors import RebuildError
from landfall.ingest.statements import Engine
from landfall.maintain import swap
from landfall.maintain.rebuild import Rebuild, Surroundings
from landfall.maintain.settle import LedgerExchange

from tests.integration.ingest.probe import DyingEngine, Killed, Probe, line, order

COLUMNS = ("order_id", "status", "_source_object", "_line_number", "_content_hash")


def rebuild(probe: Probe, *, engine: Engine | None = None, **contract: Any) -> Rebuild:
    return Rebuild(
        contract=replace(probe.contract, **contract),
        run_id="rebuild-run",
        surroundings=Surroundings(
            settings=probe.settings,
            engine=engine or Athena(settings=probe.settings),
            items=ItemTable(name=probe.settings.ledger_table),
        ),
    )


def load_some_of_everything(probe: Probe) -> list[str]:
    keys = [
        probe.land("a", line(order(1)), "no json", line(order(1)), line(order(2), order(3))),
        probe.land("b", line(order(3)), line(order(4, occurred_at="2026-11-01T00:00:00Z")), line(order(5, quantity=0))),
    ]
    probe.load("run-1")
    return keys


def spoil_live(probe: Probe) -> None:
    table = f"raw.{probe.stream}"
    Athena(settings=probe.settings).run(f"UPDATE {table} SET status = 'paid' WHERE order_id = 'ord_000000000002'")
    Athena(settings=probe.settings).run(f"DELETE FROM {table} WHERE order_id = 'ord_000000000004'")


def folder(probe: Probe, database: str = "raw", name: str | None = None) -> str:
    return str(glue.metadata_location(database=database, table=name or probe.stream)).split("/metadata/")[0]


def test_a_table_made_anew_is_the_same_and_takes_the_place_of_the_old(probe: Probe) -> None:
    keys = load_some_of_everything(probe)
    rows, bad, counts = probe.raw(*COLUMNS), probe.quarantine("reason"), [probe.counts(key) for key in keys]
    old = folder(probe)
    assert rebuild(probe).build()["objects"] == 2
    found = rebuild(probe).compare()
    assert (found["differing"], found["left_out"], found["raw"]["counts"]) == (0, 0, {})
    assert rebuild(probe).swap()["exchanged"] == 2
    assert folder(probe) != old
    assert folder(probe, name=f"{probe.stream}__rebuild_1") == old
    assert (probe.raw(*COLUMNS), probe.quarantine("reason")) == (rows, bad)
    assert [probe.counts(key) for key in keys] == counts
    assert glue.get_table(database="landing", table=f"{probe.stream}__rebuild_1") is None
    batches = {row[0] for row in probe.raw("_batch_id")}
    assert {item["batch_id"] for item in probe.items().values()} == batches
    assert {audit.batch_id for audit in probe.audits("next").due()} >= batches


def test_differences_are_named_with_examples_and_the_swap_mends_them(probe: Probe) -> None:
    load_some_of_everything(probe)
    rows = probe.raw(*COLUMNS)
    spoil_live(probe)
    rebuild(probe).build()
    found = rebuild(probe).compare()
    assert found["differing"] == 2
    assert found["raw"]["counts"] == {"other_content": 1, "only_in_rebuilt": 1}
    assert [example[:2] for example in found["raw"]["examples"]] == [
        ["only_in_rebuilt", "ord_000000000004"],
        ["other_content", "ord_000000000002"],
    ]
    assert found["objects"]["counts"] == {"only_in_rebuilt": 1}
    rebuild(probe).swap()
    assert probe.raw(*COLUMNS) == rows


def test_what_lands_and_is_loaded_meanwhile_is_in_the_new_table_too(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load commits between the last catch-up and the move of the name: the move fails, and is tried again."""
    load_some_of_everything(probe)
    rebuild(probe).build()
    probe.land("c", line(order(6)))
    probe.load("run-2")
    moves = []

    def load_then_move(*, database: str, definition: dict[str, Any], version_id: str) -> bool:
        if not moves:
            probe.land("d", line(order(7)))
            probe.load("run-3")
        moves.append(database)
        return glue_replace(database=database, definition=definition, version_id=version_id)

    glue_replace = glue.replace_table
    monkeypatch.setattr(swap.glue, "replace_table", load_then_move)
    rebuild(probe).swap()
    assert moves == ["raw", "raw", "quarantine"]
    assert [row[0] for row in probe.raw("order_id")] == [f"ord_{number:012x}" for number in (1, 2, 3, 4, 6, 7)]
    assert {item["state"] for item in probe.items().values()} == {"loaded"}


def test_an_object_that_only_the_old_table_has_is_loaded_again(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    load_some_of_everything(probe)
    rebuild(probe).build()
    original = LedgerExchange.run

    def load_before_settling(ledgers: LedgerExchange) -> dict[str, int]:
        probe.land("late", "not json either")
        probe.load("run-2")
        return original(ledgers)

    monkeypatch.setattr(LedgerExchange, "run", load_before_settling)
    assert rebuild(probe).swap()["reopened"] == 1
    assert probe.load("run-3").objects == 1
    assert sorted(row[0] or "" for row in probe.quarantine("reason")) == ["not_allowed", "not_json", "not_json"]


def test_a_build_that_dies_is_gone_on_with(probe: Probe) -> None:
    load_some_of_everything(probe)
    with pytest.raises(Killed):
        rebuild(probe, engine=DyingEngine(probe.settings, at=5, before=False)).build()
    assert rebuild(probe).build()["number"] == 1
    assert rebuild(probe).compare()["differing"] == 0


@pytest.mark.parametrize("at", [0, 3], ids=["after raw", "before the ledger"])
def test_a_swap_that_dies_is_gone_on_with(probe: Probe, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dies after the step, and a load commits to the live table before anybody goes on."""
    keys = load_some_of_everything(probe)
    counts = [probe.counts(key) for key in keys]
    old = folder(probe), folder(probe, "quarantine")
    rebuild(probe).build()
    rebuild(probe)._catch_up(rebuild(probe)._state())
    steps = []

    def dying(step: Any) -> Any:
        def run(*args: Any, **values: Any) -> Any:
            done = step(*args, **values)
            steps.append(step.__name__)
            if len(steps) == at + 1:
                raise Killed
            return done

        return run

    with monkeypatch.context() as patch:
        patch.setattr(swap.glue, "replace_table", dying(glue.replace_table))
        patch.setattr(swap, "point_to", dying(swap.point_to))
        patch.setattr(LedgerExchange, "run", dying(LedgerExchange.run))
        with pytest.raises(Killed):
            rebuild(probe).swap()
    probe.land("late", line(order(8)), "no json")
    probe.load("run-2")
    assert rebuild(probe).build()["phase"] == "swapping"
    rebuild(probe).swap()
    probe.load("run-3")
    name = f"{probe.stream}__rebuild_1"
    assert (folder(probe, name=name), folder(probe, "quarantine", name)) == old
    assert [row[0] for row in probe.raw("order_id")] == [f"ord_{number:012x}" for number in (1, 2, 3, 4, 8)]
    assert len(probe.quarantine("reason")) == 3
    assert [probe.counts(key) for key in keys] == counts
    assert probe.counts(probe.key("late"))["loaded"] == 1


def test_the_old_table_can_be_swapped_back_and_is_caught_up_by_the_next_load(probe: Probe) -> None:
    keys = load_some_of_everything(probe)
    items = {key: {k: v for k, v in probe.items()[key].items() if k != "swap"} for key in keys}
    old = folder(probe)
    rebuild(probe).build()
    rebuild(probe).swap()
    probe.land("c", line(order(6)))
    probe.load("run-2")
    assert rebuild(probe).swap_back()["reopened"] == 1
    assert folder(probe) == old
    assert {key: {k: v for k, v in probe.items()[key].items() if k != "swap"} for key in keys} == items
    probe.load("run-3")
    assert [row[0] for row in probe.raw("order_id")] == [f"ord_{number:012x}" for number in (1, 2, 3, 4, 6)]


def test_a_swap_that_was_never_made_cannot_be_undone(probe: Probe) -> None:
    load_some_of_everything(probe)
    with pytest.raises(RebuildError, match="was never rebuilt"):
        rebuild(probe).swap_back()
    rebuild(probe).build()
    with pytest.raises(RebuildError, match="never swapped"):
        rebuild(probe).swap_back()


def test_a_new_contract_version_begins_the_rebuild_afresh(probe: Probe) -> None:
    load_some_of_everything(probe)
    assert rebuild(probe).build()["number"] == 1
    assert rebuild(probe).build()["objects"] == 0
    anew = rebuild(probe, version="9.0.0").build()
    assert (anew["number"], anew["objects"]) == (2, 2)
