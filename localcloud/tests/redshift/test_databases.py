"""The databases of a namespace: CREATE, use and DROP DATABASE, and what may be the name of one."""

from __future__ import annotations

import pytest
from cloud import PASSWORD, USER, Cloud
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
