"""The databases of a namespace: CREATE, use and DROP DATABASE, and what may be the name of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError


def test_a_database_whose_name_has_a_hyphen_is_used_like_any_other(cloud: Cloud, pg: PgClient) -> None:
    pg.query('create database "team-analytics"')
    inside = PgClient(cloud.wire_port, USER, PASSWORD, "team-analytics")
    inside.query("create table kept (id int, name varchar(10)); insert into kept values (1, 'a')")
    inside.query("create view seen as select * from kept")
    assert inside.query('select * from "team-analytics".public.seen').rows == [("1", "a")]
    assert inside.query("select current_database()").rows == [("team-analytics",)]
    found = inside.query("select database_name, table_name from svv_redshift_tables where table_name = 'kept'")
    assert found.rows == [("team-analytics", "kept")]
    inside.close()
    pg.query('drop database "team-analytics" force')
    assert pg.query("select count(*) from pg_database where datname = 'team-analytics'").rows == [("0",)]


@pytest.mark.parametrize("name", ["a/b", "../up", "a b", 'a""b', "a'b", "a.b"])
def test_a_name_that_no_file_can_have_here_is_refused(pg: PgClient, name: str) -> None:
    with pytest.raises(PgError, match="not supported by the local cloud") as caught:
        pg.query(f'create database "{name}"')
    assert caught.value.sqlstate == "0A000"


@pytest.mark.parametrize("name", ["localsys", "template0", "n" * 128])
def test_what_is_no_name_of_a_database_is_refused_with_42602(pg: PgClient, name: str) -> None:
    with pytest.raises(PgError, match="invalid database name") as caught:
        pg.query(f"create database {name}")
    assert caught.value.sqlstate == "42602"


@pytest.fixture
def inside(cloud: Cloud, pg: PgClient) -> Iterator[PgClient]:
    """A session in a database `elsewhere`, whose table `kept` has one row of many types."""
    pg.query("create database elsewhere")
    client = PgClient(cloud.wire_port, USER, PASSWORD, "elsewhere")
    client.query(
        "create table kept (id int, name varchar(10), price numeric(10,2), at timestamptz, day date, yes boolean,"
        " data super, bytes varbyte(4))"
    )
    client.query(
        "insert into kept select 1, 'a', 1.50, '2024-05-17 10:00:00+00', '2024-05-17', true,"
        " json_parse('{\"k\": [1]}'), from_hex('ff')"
    )
    client.query("create view seen as select id, name from kept")
    yield client
    client.close()
    pg.query("drop database elsewhere force")


def test_another_database_is_read_by_names_of_three_parts(pg: PgClient, inside: PgClient) -> None:
    here = pg.query("select * from elsewhere.public.kept")
    there = inside.query("select * from public.kept")
    assert (here.rows, here.columns) == (there.rows, there.columns)
    pg.query("create table own (id int)")
    pg.query("insert into own select id from elsewhere.public.kept")
    joined = "select s.name, s.id + o.id from elsewhere.public.seen s join own o on o.id = s.id"
    assert pg.query(joined).rows == [("a", "2")]
    assert pg.query("show columns from table elsewhere.public.seen").rows[0][:4] == (
        "elsewhere",
        "public",
        "seen",
        "id",
    )
    pg.query("create view late as select * from elsewhere.public.seen with no schema binding")
    inside.query("insert into kept (id, name) values (2, 'b')")
    assert pg.query("select count(*) from late").rows == [("2",)]


def test_a_transaction_sees_another_database_unchanged(pg: PgClient, inside: PgClient) -> None:
    pg.query("begin")
    assert pg.query("select count(*) from elsewhere.public.kept").rows == [("1",)]
    inside.query("insert into kept (id) values (2)")
    assert pg.query("select count(*) from elsewhere.public.kept").rows == [("1",)]
    pg.query("commit")
    assert pg.query("select count(*) from elsewhere.public.kept").rows == [("2",)]


_REFUSED = {
    "select * from nowhere.public.kept": "3D000",
    "select * from elsewhere.public.missing": "42P01",
    "select * from elsewhere.pg_catalog.pg_class": "0A000",
    "create view bound as select * from elsewhere.public.kept": "0A000",
    "create materialized view rows as select * from elsewhere.public.kept": "0A000",
    "insert into elsewhere.public.kept (id) values (2)": "0A000",
    "create table elsewhere.public.made (id int)": "0A000",
    "select * from elsewhere.public.back": "0A000",
}


def test_what_another_database_does_not_give_is_refused(pg: PgClient, inside: PgClient) -> None:
    inside.query("create view back as select * from dev.public.anything with no schema binding")
    found = {}
    for sql in _REFUSED:
        with pytest.raises(PgError) as caught:
            pg.query(sql)
        found[sql] = caught.value.sqlstate
    assert found == _REFUSED
    assert inside.query("select count(*) from kept").rows == [("1",)]


def test_a_user_reads_another_database_by_its_rights_there(cloud: Cloud, pg: PgClient, inside: PgClient) -> None:
    pg.query("create user reader password 'Reader-Pass-1'")
    reader = PgClient(cloud.wire_port, "reader", "Reader-Pass-1", DATABASE)
    with pytest.raises(PgError) as unknown:
        reader.query("select * from elsewhere.public.kept")
    inside.query("create user reader password 'Reader-Pass-1'")
    with pytest.raises(PgError) as denied:
        reader.query("select * from elsewhere.public.kept")
    inside.query("grant usage on schema public to reader; grant select on kept to reader")
    assert reader.query("select id from elsewhere.public.kept").rows == [("1",)]
    assert (unknown.value.sqlstate, denied.value.sqlstate) == ("42501", "42501")
    reader.close()
    pg.query("drop user reader")
