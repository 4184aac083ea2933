"""Replays against the local cloud: each record in raw once, and every quarantined one with what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.contracts.reading import Place
from landfall.errors import LeaseLostError, ReplayRunningError, RequestError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.corrections import Correction, parse_correction
from landfall.ingest.replay import Replayer, ReplayReport
from landfall.ingest.replay_lease import ReplayLease
from landfall.ingest.replay_statements import Selection
from landfall.ingest.statements import Engine, Statements

from tests.integration.ingest.probe import DAY, DyingEngine, Killed, Probe, line, order

DEATHS = ((3, False), (6, True), (6, False), (7, False), (9, False))
"""(statement, before it?): with the scratch table, before and after the merge, with the marks, without the scratch."""


def correction(*steps: dict[str, Any], name: str = "mend") -> Correction:
    """Return the correction of a file with these steps."""
    document = {"stream": "orders", "description": "for a test", "steps": list(steps)}
    return parse_correction(name, Place(Path("mend.yaml"), "", document))


MEND = correction(
    {"rename": {"from": "orderId", "to": "order_id"}},
    {"default": {"field": "currency", "value": "EUR"}},
    {"map_values": {"field": "status", "values": {"PAID": "paid", 7: "placed"}}},
    {"cast": {"field": "quantity", "to": "integer"}},
    {"cast": {"field": "note", "to": "string"}},
    {"drop": {"field": "debug"}},
)


class Replays:
    """Replays of one probe's quarantine."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def replayer(
        self, with_: Correction | None = MEND, *, engine: Engine | None = None, reasons: tuple[str, ...] = ()
    ) -> Replayer:
        """Return a replayer of all that is quarantined now."""
        selection = Selection(
            first=date.fromisoformat(DAY),
            last=date.fromisoformat(DAY) + timedelta(days=400),
            reasons=reasons,
            before=datetime.now(UTC) + timedelta(seconds=1),
        )
        return Replayer(
            contract=self.probe.contract,
            selection=selection,
            correction=with_,
            statements=Statements(engine=engine or Athena(settings=self.probe.settings)),
            audits=self.audits(),
            lake_bucket=self.probe.settings.lake_bucket,
        )

    def audits(self) -> OwedAudits:
        """Return the audits owed to the stream's batches."""
        items = ItemTable(name=self.probe.settings.ledger_table)
        return OwedAudits(items=items, stream=self.probe.stream, owner="auditor", clock=time.time)

    def lease(self, run: str, with_: Correction | None = MEND, clock: Callable[[], float] = time.time) -> ReplayLease:
        """Return the lease as `run` sees it."""
        return ReplayLease(
            items=ItemTable(name=self.probe.settings.ledger_table),
            stream=self.probe.stream,
            owner=run,
            correction=with_.name if with_ else None,
            contract_version=self.probe.contract.version,
            fingerprint=repr(with_),
            clock=clock,
        )

    def run(self, run: str = "replay-1", with_: Correction | None = MEND, **how: Any) -> ReplayReport:
        """Replay all that is quarantined now."""
        return self.replayer(with_, **how).run(lease=self.lease(run, with_), most_records=1000, run_id=run)

    def marks(self) -> list[tuple[str | None, ...]]:
        """Return outcome, reason and field of each quarantined record, in its order."""
        return self.probe.quarantine("replay_outcome", "replay_reason", "replay_field")


@pytest.fixture
def replays(probe: Probe) -> Replays:
    return Replays(probe)


def land_broken(probe: Probe) -> None:
    """Land one good record and five that the contract refuses, of which MEND mends four."""
    moved = order(2, order_id=...) | {"orderId": f"ord_{2:012x}"}
    probe.land(
        "broken",
        line(order(1)),
        line(moved),
        line(order(3, currency=...), order(4, status="PAID", debug="x")),
        line(order(5, quantity="12", note=17, status=7)),
        line(order(6, sku="")),
        "no json",
    )
    probe.load()


def test_a_correction_loads_what_it_mends_and_says_of_the_rest_why_it_is_still_broken(replays: Replays) -> None:
    probe = replays.probe
    land_broken(probe)
    before = probe.counts(probe.key("broken"))
    preview = replays.replayer().preview()
    assert {row[0] for row in replays.marks()} == {None}
    audited = {audit.batch_id for audit in replays.audits().due()}
    report = replays.run()
    assert {audit.batch_id for audit in replays.audits().due()} - audited == set(report.batch_ids)
    assert (report.outcomes, report.records) == (preview.outcomes, preview.records)
    assert report.outcomes == {
        ("loaded", None, None): 4,
        ("still_broken", "not_allowed", "sku"): 1,
        ("still_broken", "not_json", None): 1,
    }
    assert replays.marks() == [
        ("loaded", None, None),
        ("loaded", None, None),
        ("loaded", None, None),
        ("loaded", None, None),
        ("still_broken", "not_allowed", "sku"),
        ("still_broken", "not_json", None),
    ]
    uri = probe.uri("broken")
    assert probe.raw("_source_object", "_line_number", "_record_number", "order_id", "currency") == [
        (uri, "1", "1", f"ord_{1:012x}", "EUR"),
        (uri, "2", "1", f"ord_{2:012x}", "EUR"),
        (uri, "3", "1", f"ord_{3:012x}", "EUR"),
        (uri, "3", "2", f"ord_{4:012x}", "EUR"),
        (uri, "4", "1", f"ord_{5:012x}", "EUR"),
    ]
    assert probe.raw("quantity", "status", "note", "_extra")[3:] == [
        ("2", "paid", None, None),
        ("12", "placed", "17", None),
    ]
    assert probe.counts(probe.key("broken")) == before
    assert probe.scratch_left() == []


def test_replaying_twice_changes_nothing_but_what_may_still_be_mended(replays: Replays) -> None:
    probe = replays.probe
    land_broken(probe)
    replays.run()
    rows = probe.raw("_source_object", "_line_number", "_record_number", "_batch_id", "_loaded_at")
    again = replays.run("replay-2")
    assert again.outcomes.total() == 2
    assert not again.as_dict()["loaded"]
    assert probe.raw("_source_object", "_line_number", "_record_number", "_batch_id", "_loaded_at") == rows
    last = replays.run("replay-3", correction({"default": {"field": "nothing", "value": 1}}), reasons=("not_json",))
    assert last.outcomes == {("still_broken", "not_json", None): 1}


def test_duplicates_and_conflicts_are_told_apart_inside_a_replay_and_against_raw(replays: Replays) -> None:
    probe = replays.probe
    probe.land("first", line(order(1)), line(order(1, quantity=9)))
    probe.land(
        "later",
        line(order(1, currency=...)),
        line(order(1, currency=..., quantity=5)),
        line(order(2, currency=...)),
        line(order(2, currency=...)),
        line(order(2, currency=..., quantity=7)),
    )
    probe.load()
    expected = {("duplicate", None, None): 2, ("conflict", None, None): 3, ("loaded", None, None): 1}
    assert replays.replayer().preview().outcomes == expected
    assert replays.run().outcomes == expected
    assert len(probe.raw("order_id")) == 2
    assert replays.run("replay-2").outcomes == {("conflict", None, None): 3}


def test_a_replay_that_dies_anywhere_is_finished_by_one_with_another_correction(replays: Replays) -> None:
    probe = replays.probe
    other = correction({"map_values": {"field": "order_id", "values": {"bad": f"ord_{99:012x}"}}}, name="other")
    probe.loader("run-0")
    for number, (at, before) in enumerate(DEATHS, start=1):
        key = f"ord_{number:012x}"
        probe.land(f"object-{number}", line(order(number, order_id="bad", version=number)))
        probe.load(f"load-{number}")
        mend = correction({"map_values": {"field": "order_id", "values": {"bad": key}}}, name="first")
        with pytest.raises(Killed):
            replays.replayer(mend, engine=DyingEngine(probe.settings, at=at, before=before)).run(
                lease=replays.lease(f"dies-{number}", mend), most_records=9, run_id=f"dies-{number}"
            )
        with pytest.raises(ReplayRunningError, match=f"dies-{number}"):
            replays.run(f"early-{number}", other)
        heir = replays.lease(f"heir-{number}", other, clock=lambda: time.time() + 3600)
        replays.replayer(other).run(lease=heir, most_records=9, run_id=f"heir-{number}")
    rows = probe.raw("_source_object")
    assert len(rows) == len(set(rows)) == len(DEATHS)
    assert {row[0] for row in replays.marks()} == {"loaded"}
    assert probe.scratch_left() == []
    runs = {name.split("-")[0] for (name,) in probe.quarantine("replay_run_id") if name}
    assert runs == {"dies", "heir"}


def test_a_later_try_of_a_killed_run_reports_for_both_and_need_not_wait(replays: Replays) -> None:
    probe = replays.probe
    land_broken(probe)
    with pytest.raises(Killed):
        replays.run(engine=DyingEngine(probe.settings, at=6, before=False))
    report = replays.run()
    assert report.as_dict()["loaded"] == 4
    assert report.records == 6
    assert report.days == {date.fromisoformat(DAY)}
    assert len(probe.raw("order_id")) == 5


def test_a_run_that_was_taken_over_can_merge_nothing_more(replays: Replays) -> None:
    probe = replays.probe
    land_broken(probe)
    taken: list[ReplayLease] = []

    class Slow(DyingEngine):
        def run(self, statement: Any, *, fetch: bool = False) -> Any:
            result = super().run(statement, fetch=fetch)
            if self.statements == 5 and not taken:
                taken.append(replays.lease("heir", clock=lambda: time.time() + 3600))
                taken[0].acquire()
            return result

    with pytest.raises(LeaseLostError):
        replays.run("zombie", engine=Slow(probe.settings, at=99, before=True))
    assert len(probe.raw("order_id")) == 1


def test_more_than_was_previewed_is_not_replayed(replays: Replays) -> None:
    probe = replays.probe
    land_broken(probe)
    with pytest.raises(RequestError, match="6 records are to be replayed, 5 were previewed"):
        replays.replayer().run(lease=replays.lease("run"), most_records=5, run_id="run")
    assert len(probe.raw("order_id")) == 1
    assert replays.run("run").records == 6


def test_a_new_version_of_the_contract_lets_through_what_the_old_one_refused(replays: Replays) -> None:
    probe = replays.probe
    probe.land("late", line(order(1, status="returned")))
    probe.load()
    assert replays.run(with_=None).outcomes == {("still_broken", "not_allowed", "status"): 1}
    fields = [
        replace(field, allowed=(*field.allowed, "returned")) if field.name == "status" else field
        for field in probe.contract.fields
    ]
    before = probe.contract.version
    probe.contract = replace(probe.contract, fields=tuple(fields), version="9.0.0")
    assert replays.run("replay-2", with_=None).outcomes == {("loaded", None, None): 1}
    assert probe.raw("status", "_contract_version") == [("returned", "9.0.0")]
    assert probe.quarantine("contract_version", "replay_contract_version") == [(before, "9.0.0")]
