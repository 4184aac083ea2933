"""What is kept between statements, of the catalogue and of queries, is what the catalogue says now."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import duckdb
import pytest
from cloud import Cloud
from localcloud.redshift.engine.catalog import Catalog
from localcloud.redshift.engine.catalog_memory import CatalogMemory, Rows
from localcloud.redshift.engine.catalog_tables import install
from pgclient import PgClient, PgError


class Asked:
    """Counts how often DuckDB was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Rows:
        self.times += 1
        return [(self.times,)]


def test_what_is_known_is_not_asked_again() -> None:
    memory, asked = CatalogMemory(), Asked()
    first = memory.recall("a", asked)
    first.append(("the caller's own",))
    assert memory.recall("a", asked) == [(1,)]
    assert memory.recall("b", asked) == [(2,)]


def test_nothing_is_kept_while_anything_changes() -> None:
    memory, asked = CatalogMemory(), Asked()
    memory.recall("a", asked)
    memory.begin_change()
    memory.begin_change()
    assert [memory.recall("a", asked), memory.recall("a", asked)] == [[(2,)], [(3,)]]
    memory.end_change()
    assert [memory.recall("a", asked), memory.recall("a", asked)] == [[(4,)], [(5,)]]
    memory.end_change()
    assert [memory.recall("a", asked), memory.recall("a", asked)] == [[(6,)], [(6,)]]


def test_what_was_read_while_a_change_came_and_went_is_not_kept() -> None:
    memory, reading, changed = CatalogMemory(), threading.Event(), threading.Event()

    def slow() -> Rows:
        reading.set()
        assert changed.wait(5)
        return [("old",)]

    reader = threading.Thread(target=lambda: memory.recall("a", slow))
    reader.start()
    assert reading.wait(5)
    memory.begin_change()
    memory.end_change()
    changed.set()
    reader.join(5)
    assert memory.recall("a", lambda: [("new",)]) == [("new",)]


def test_what_is_asked_of_another_moment_is_asked_anew_and_not_kept() -> None:
    memory, asked = CatalogMemory(), Asked()
    moment = memory.moment()
    assert [memory.recall("a", asked, at=moment), memory.recall("a", asked, at=moment)] == [[(1,)], [(1,)]]
    memory.begin_change()
    assert memory.moment() is None
    assert memory.recall("a", asked, at=moment) == [(2,)]
    memory.end_change()
    assert [memory.recall("a", asked, at=moment), memory.recall("a", asked)] == [[(3,)], [(4,)]]
    assert memory.recall("a", asked, at=memory.moment()) == [(4,)]


class Interrupted(CatalogMemory):
    """Lets something happen right after it has told the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.happens: Callable[[], object] | None = None

    def moment(self) -> int | None:
        moment, happens, self.happens = super().moment(), self.happens, None
        if happens is not None:
            happens()
        return moment


class Two:
    """The catalogues of two sessions of a database with a schema `t`, the first in a transaction."""

    def __init__(self) -> None:
        self.root, self.memory, oids = duckdb.connect(), Interrupted(), itertools.count(200_000)
        self.root.execute("ATTACH ':memory:' AS shop")
        install(self.root, "shop")
        self.connection = self.root.cursor()
        self.first, self.second = (
            Catalog(each, "shop", oids, self.memory) for each in (self.connection, self.root.cursor())
        )
        self.second.rows("INSERT INTO {c}.schemas (oid, schema_name, owner) VALUES (1, 't', 'analyst')")
        assert self.second.has_schema("t")
        self.connection.execute("BEGIN TRANSACTION")
        self.first.begin()

    def drop(self) -> None:
        """Let the second session drop the schema."""
        self.second.rows("DELETE FROM {c}.schemas WHERE schema_name = 't'")

    def end(self) -> None:
        """End the first's transaction."""
        self.connection.execute("ROLLBACK")
        self.first.settle()


@pytest.fixture
def two() -> Iterator[Two]:
    made = Two()
    yield made
    made.root.close()


def test_a_transaction_that_recalls_has_the_snapshot_of_what_it_recalled(two: Two) -> None:
    first, second, connection = two.first, two.second, two.connection
    assert first.has_schema("t")
    two.drop()
    # What the transaction's own query reads now must go with what it has been told.
    (found,) = connection.execute("SELECT count(*) FROM shop.pg_landfall.schemas WHERE schema_name = 't'").fetchall()
    assert found == (1,)
    assert first.has_schema("t") and not second.has_schema("t")
    two.end()
    assert not first.has_schema("t")


@pytest.mark.parametrize("comes", ["before it asks", "while it asks"])
def test_a_transaction_that_saw_the_past_tells_nobody_of_it(two: Two, comes: str) -> None:
    assert not two.first.has_schema("u")
    if comes == "before it asks":
        two.drop()
    else:
        two.memory.happens = two.drop
    assert two.first.has_schema("t")
    assert not two.second.has_schema("t")
    two.end()
    assert not two.first.has_schema("t")


def test_a_statement_follows_every_change_that_another_session_commits(pg: PgClient, other: PgClient) -> None:
    def seen() -> str:
        try:
            return str(other.query("select * from t.v").rows[0][0])
        except PgError as error:
            return error.sqlstate

    found = [seen()]
    for change in (
        "create table t.a (x int); insert into t.a values (1); create view t.v as select x from t.a",
        "begin; drop view t.v; create view t.v as select x + 1 as x from t.a; commit",
        "begin; drop view t.v; create view t.v as select x + 2 as x from t.a; rollback",
        "drop view t.v; alter table t.a rename to b; create table t.v (x int); insert into t.v values (7)",
        "drop table t.v",
    ):
        pg.query(change)
        found += [seen(), seen()]
    assert found == ["42P01", "1", "1", "2", "2", "2", "2", "7", "7", "42P01", "42P01"]


def test_rights_count_from_the_moment_they_are_given_and_taken(pg: PgClient, cloud: Cloud) -> None:
    pg.query("drop user if exists kim; create user kim password 'Kims-Pass-1'; create table t.a (x int)")
    kim = PgClient(cloud.wire_port, "kim", "Kims-Pass-1", "shop")
    try:
        for _ in range(2):
            pg.query("grant usage on schema t to kim; grant select on t.a to kim")
            assert kim.query("select * from t.a").rows == []
            pg.query("revoke select on t.a from kim")
            with pytest.raises(PgError, match="permission denied"):
                kim.query("select * from t.a")
    finally:
        kim.close()
        pg.query("drop table t.a; revoke usage on schema t from kim; drop user kim")


def test_a_block_goes_on_with_the_catalogue_it_began_with(pg: PgClient, other: PgClient) -> None:
    pg.query("create table t.a (x int); insert into t.a values (1); create view t.v as select x from t.a")
    other.query("begin")
    assert other.query("select * from t.v").rows == [("1",)]
    pg.query("drop view t.v; create view t.v as select x + 1 as x from t.a")
    assert pg.query("select * from t.v").rows == [("2",)]  # known to all from here on, but to the block
    assert other.query("select * from t.v").rows == [("1",)]
    other.query("commit")
    assert other.query("select * from t.v").rows == [("2",)]


def test_what_a_block_has_changed_is_its_own_until_it_commits(pg: PgClient, other: PgClient) -> None:
    pg.query("create table t.a (x int); insert into t.a values (1); create view t.v as select x from t.a")
    pg.query("begin; drop view t.v; create view t.v as select x + 1 as x from t.a")
    assert pg.query("select * from t.v").rows == [("2",)]
    assert other.query("select * from t.v").rows == [("1",)]
    pg.query("commit")
    assert other.query("select * from t.v").rows == [("2",)]


def test_the_same_words_mean_what_the_session_makes_of_them(pg: PgClient) -> None:
    def seen() -> str | None:
        return pg.query("select x from a").rows[0][0]

    pg.query("create schema u; create table t.a (x int); insert into t.a values (1)")
    pg.query("create table u.a (x varchar(9)); insert into u.a values ('2')")
    found = [seen(), seen()]
    for change in (
        "set search_path to u, t",
        "select set_config('search_path', 't', false)",
        "create temp table a (x int); insert into a values (3)",
        "drop table a",
        "begin; alter table a rename column x to y; alter table a add column x int default 4",
        "rollback",
    ):
        pg.query(change)
        found += [seen(), seen()]
    pg.query("drop schema u cascade")
    assert found == ["1", "1", "2", "2", "1", "1", "3", "3", "1", "1", "4", "4", "1", "1"]


def test_described_columns_follow_the_table(pg: PgClient, other: PgClient) -> None:
    pg.query("create table t.a (x int)")
    assert [len(pg.prepared("select * from t.a", []).columns) for _ in range(2)] == [1, 1]
    other.query("alter table t.a add column y int")
    assert [len(pg.prepared("select * from t.a", []).columns) for _ in range(2)] == [2, 2]


def test_system_views_are_looked_up_each_time(pg: PgClient) -> None:
    counted = "select count(*) from sys_query_history where query_text like '%looked up each time%'"
    first = int(str(pg.query(counted).rows[0][0]))
    pg.query('select 1 as "looked up each time"')
    assert int(str(pg.query(counted).rows[0][0])) >= first + 2
    found = [int(str(pg.query("select count(*) from svv_tables where table_schema = 't'").rows[0][0]))]
    pg.query("create table t.b (x int)")
    found.append(int(str(pg.query("select count(*) from svv_tables where table_schema = 't'").rows[0][0])))
    assert found[1] == found[0] + 1


def test_a_policy_counts_for_a_query_that_was_seen_before(pg: PgClient, cloud: Cloud) -> None:
    pg.query("drop user if exists kim; create user kim password 'Kims-Pass-1'; create table t.a (x int)")
    pg.query("insert into t.a values (1), (2); grant usage on schema t to kim; grant select on t.a to kim")
    kim = PgClient(cloud.wire_port, "kim", "Kims-Pass-1", "shop")
    try:
        assert [len(kim.query("select x from t.a").rows) for _ in range(2)] == [2, 2]
        pg.query("create rls policy only_one with (x int) using (x = 1)")
        pg.query("attach rls policy only_one on t.a to kim; alter table t.a row level security on")
        assert [len(kim.query("select x from t.a").rows) for _ in range(2)] == [1, 1]
    finally:
        kim.close()
        pg.query("drop rls policy if exists only_one cascade; drop table t.a; revoke usage on schema t from kim")
        pg.query("drop user kim")
