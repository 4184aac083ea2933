"""What readers of Redshift see while the warehouse is built, audited and published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from landfall.aws.publications import PublicationTable
from landfall.errors import PublicationError
from landfall.publish.changed_days import UnknownDaysError
from landfall.publish.warehouse_rows import WarehouseRows

from tests.integration.publish.warehouse_group import WarehouseGroup

pytestmark = pytest.mark.usefixtures("local_cloud")


class Killed(BaseException):
    """Stands for a process that ends between two steps."""


@pytest.fixture
def group() -> Iterator[WarehouseGroup]:
    made = WarehouseGroup()
    yield made
    made.drop()


def test_readers_see_what_was_built_only_once_it_is_published(group: WarehouseGroup) -> None:
    group.build({1: (10, 0), 2: (20, 1)})
    assert group.publish().version == 1
    group.build({2: (21, 30), 3: (30, 30)})
    assert (group.version(), group.seen()) == (1, {1: 10, 2: 20})
    published = group.publish()
    assert (group.version(), group.seen(), group.seen("b")) == (2, {1: 10, 2: 21, 3: 30}, {1: 10, 2: 21, 3: 30})
    assert published.datasets["a"].table == f"published_{group.group}.a"


def test_a_publication_carries_the_rows_of_every_build_since_the_last_one_and_no_others(group: WarehouseGroup) -> None:
    group.build({1: (10, 0), 2: (20, 100)})
    group.publish()
    group.build({3: (30, 200), 4: (40, 95)})  # 95 is before what the first build left, within the overlap
    group.build({5: (50, 300)})
    group.do(f"update published_{group.group}.a set value = -1 where id = 1")  # tells whether the row is touched
    group.publish()
    assert group.seen() == {1: -1, 2: 20, 3: 30, 4: 40, 5: 50}
    assert group.seen("b") == group.candidate("b")


def test_a_night_again_publishes_nothing_unless_a_row_or_a_column_changed(group: WarehouseGroup) -> None:
    rows = {1: (10, 0), 2: (20, 100)}
    group.build(rows)
    group.publish()
    group.build(rows)
    group.build(rows, anew=True)
    assert group.publish(run_id="again").version == 1
    group.build({2: (21, 100)}, only="b")
    assert (group.publish(run_id="changed").version, group.seen("b")) == (2, {1: 10, 2: 21})
    group.build({}, gone=(1,))
    assert (group.publish(run_id="gone").version, group.seen()) == (3, {2: 20})
    group.do(f"alter table {group.tables['a']} add column note varchar(8)")
    group.build({}, only="a")
    assert group.publish(run_id="with a column").version == 4


def test_the_months_of_the_rows_to_carry_are_told_and_nothing_of_others(group: WarehouseGroup) -> None:
    days, hours = {"a": "_loaded_at"}, 24 * 31
    group.build({1: (10, 0), 2: (20, hours)})
    with pytest.raises(UnknownDaysError, match="all rows"):
        group.rows().days_to_carry(days)
    group.publish()
    assert group.rows().days_to_carry(days) == []
    group.build({3: (30, 2 * hours)})
    december, january = date(2026, 12, 1), date(2027, 1, 1)
    found = {(month, after - month) for month, after in group.rows().days_to_carry(days)}
    assert found == {(december, timedelta(days=1)), (january, timedelta(days=1))}
    group.build({3: (30, 2 * hours)}, anew=True)
    with pytest.raises(UnknownDaysError, match="all rows"):
        group.rows().days_to_carry(days)


def test_a_copy_that_does_not_add_up_is_not_published(group: WarehouseGroup) -> None:
    group.build({1: (10, 100)})
    group.publish()
    group.build({2: (20, 50)})  # no build takes a row as old as this
    with pytest.raises(PublicationError, match="would have 1 rows and its candidate has 2"):
        group.publish()
    assert (group.version(), group.seen()) == (1, {1: 10})


def test_rows_are_looked_for_from_the_earliest_changed_one_on(group: WarehouseGroup) -> None:
    group.never_moves_on = {"a": "value", "b": "a column that the table has not"}
    group.build({1: (10, 0), 2: (20, 100)})
    group.publish()
    group.build({2: (15, 200), 3: (30, 200)})
    group.publish()
    assert group.seen() == group.seen("b") == {1: 10, 2: 15, 3: 30}
    group.build({2: (40, 300)})  # has moved on: the published 15 is before all that changed, and stays
    with pytest.raises(PublicationError, match=r"\.a would have 4 rows and its candidate has 3"):
        group.publish()
    assert (group.version(), group.seen()) == (2, {1: 10, 2: 15, 3: 30})


def test_rows_that_are_gone_from_the_candidate_are_gone_for_readers(group: WarehouseGroup) -> None:
    group.build({1: (10, 0), 2: (20, 100)})
    group.publish()
    group.build({3: (30, 200)}, gone=(1,))
    group.publish()
    assert group.seen() == {2: 20, 3: 30}


def test_what_is_built_anew_is_carried_whole(group: WarehouseGroup) -> None:
    group.build({1: (10, 0), 2: (20, 100)})
    group.publish()
    group.build({1: (11, 0), 2: (20, 100)}, anew=True, lake_version=2)
    group.publish(lake_version=2)
    assert group.seen() == {1: 11, 2: 20}


def test_one_transaction_of_a_reader_sees_one_version_of_all_tables(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)})
    group.publish()
    with group.reading() as reader:
        before = reader.exec_driver_sql(f"select version from published_{group.group}.publication").scalar()
        group.build({1: (11, 10)})
        group.publish()
        values = [
            reader.exec_driver_sql(f"select value from published_{group.group}.{name}").scalar() for name in ("a", "b")
        ]
    assert (before, values) == (1, [10, 10])
    assert (group.version(), group.seen("a"), group.seen("b")) == (2, {1: 11}, {1: 11})


def test_a_table_built_again_after_its_audit_is_not_published(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)})
    store = group.store()
    candidate = store.freeze_built(group.group, group.tables, built_from=1)
    group.build({1: (11, 10)}, only="b")
    with pytest.raises(PublicationError, match=r"b was built again since its audit"):
        store.publish(candidate, gate="gate", contract_versions={}, cause_run_id="run")
    assert store.current(group.group) is None
    assert group.publish().version == 2


def test_tables_built_from_two_lake_versions_are_no_candidate(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)}, lake_version=1)
    group.build({1: (11, 10)}, lake_version=2, only="a")
    with pytest.raises(PublicationError, match="b was last built from lake version 1"):
        group.publish(lake_version=2)
    assert group.store().current(group.group) is None


@pytest.mark.parametrize("step", ["_move_row", "_check_counts"])
def test_a_publisher_that_dies_in_the_transaction_leaves_nothing(
    group: WarehouseGroup, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    group.build({1: (10, 0)})
    group.publish()
    group.build({1: (11, 10)})
    with monkeypatch.context() as patch:
        patch.setattr(WarehouseRows, step, _dies)
        with pytest.raises(Killed):
            group.publish()
    assert (group.version(), group.seen("a"), group.seen("b")) == (1, {1: 10}, {1: 10})
    assert group.publish().version == 3
    assert (group.version(), group.seen("a"), group.seen("b")) == (3, {1: 11}, {1: 11})


def test_the_record_follows_when_its_publisher_died_after_the_transaction(
    group: WarehouseGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    group.build({1: (10, 0)})
    with monkeypatch.context() as patch:
        patch.setattr(PublicationTable, "move_current", _dies)
        with pytest.raises(Killed):
            group.publish(run_id="first")
    assert (group.version(), group.store().current(group.group)) == (1, None)
    recovered = group.store().recover(group.group)
    assert recovered is not None
    assert (recovered.version, recovered.cause_run_id, recovered.built_from) == (1, "first", 1)
    assert group.publish(run_id="again").version == 1, "nothing was built since"


def test_of_two_publishers_one_wins_and_the_other_changes_nothing(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)})
    store = group.store()
    candidate = store.freeze_built(group.group, group.tables, built_from=1)
    group.build({1: (11, 10)})
    faster = group.publish(run_id="faster")
    with pytest.raises(PublicationError, match="audited against version 0"):
        store.publish(candidate, gate="gate", contract_versions={}, cause_run_id="slower")
    with pytest.raises(PublicationError, match=r"readers of .* see version 1"):
        group.rows().carry(replace(faster, version=9), base_version=0)
    assert (group.version(), group.seen()) == (1, {1: 11})


def test_a_column_that_a_model_gained_is_published_with_its_rows(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)})
    group.publish()
    group.do(f"alter table {group.tables['a']} add column note varchar(16)")
    group.do(f"update {group.tables['a']} set note = 'new', _loaded_at = timestamp '2026-11-02'")
    group.build({}, only="a")
    group.publish()
    assert [tuple(row) for row in group.ask(f"select id, note from published_{group.group}.a")] == [(1, "new")]


def test_readers_may_read_what_is_published_and_no_candidate(group: WarehouseGroup) -> None:
    group.build({1: (10, 0)})
    group.publish()
    with group.user() as reads:
        assert reads(f"published_{group.group}.a") == 1
        assert reads(f"published_{group.group}.publication") == 1
        with pytest.raises(Exception, match="permission denied"):
            reads(group.tables["a"])


def _dies(*_: Any, **__: Any) -> None:
    raise Killed
