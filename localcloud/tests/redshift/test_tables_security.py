"""Users, groups, roles, grants and row-level security: what is not allowed is refused, hidden rows stay hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cloud import DATABASE, Cloud
from pgclient import PgClient, PgError

PASSWORD = "Passw0rd-of-users"
Login = Callable[[str], PgClient]


@pytest.fixture
def login(cloud: Cloud, pg: PgClient) -> Iterator[Login]:
    """Log in as a user; the fixture makes ana and ben, and the role and the group that tests give them."""
    clients: list[PgClient] = []
    for name in ("ana", "ben"):
        pg.query(f"create user {name} password '{PASSWORD}'")
    pg.query("create role reader; create group analysts; grant usage on schema t to public")
    pg.query("create table orders (id int, region varchar(10), cents int)")
    pg.query("insert into orders values (1, 'eu', 100), (2, 'us', 200), (3, 'eu', 300)")

    def connect(user: str) -> PgClient:
        client = PgClient(cloud.wire_port, user, PASSWORD, DATABASE)
        client.query("set search_path to t, public")
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()
    pg.query("drop schema t cascade; drop rls policy if exists of_region cascade")
    for name in ("ana", "ben"):
        pg.query(f"revoke all on schema public from {name}; revoke all on database {DATABASE} from {name}")
    pg.query("drop role reader force; drop group analysts; drop user ana, ben; create schema t")


def denied(client: PgClient, sql: str, words: str = "permission denied") -> None:
    with pytest.raises(PgError, match=words) as caught:
        client.query(sql)
    assert caught.value.fields["C"] == "42501"


@pytest.mark.parametrize(
    "sql",
    [
        "select * from orders",
        "select count(*) from orders",
        "select 1 where exists (select 1 from t.orders)",
        "with o as (select * from orders) select * from o",
        "insert into orders values (4, 'us', 1)",
        "update orders set cents = 0",
        "delete from orders",
        "merge into orders using (select 9 as id) s on orders.id = s.id when matched then delete"
        " when not matched then insert values (9, 'x', 1)",
        "create table public.copied as select * from orders",
        "create view public.seen as select * from orders",
        "explain select * from orders",
    ],
)
def test_a_user_without_privileges_is_refused(login: Login, sql: str) -> None:
    denied(login("ana"), sql)


@pytest.mark.parametrize(
    "sql",
    ["drop table orders", "truncate orders", "alter table orders add column x int", "comment on table orders is 'x'"],
)
def test_only_owners_change_a_relation(login: Login, sql: str) -> None:
    denied(login("ana"), sql, "must be owner")


def test_a_grant_is_for_its_privilege_only_and_ends_with_revoke(pg: PgClient, login: Login) -> None:
    ana = login("ana")
    pg.query("grant select on orders to ana")
    assert ana.query("select count(*) from orders").rows == [("3",)]
    denied(ana, "delete from orders")
    pg.query("revoke select on orders from ana")
    denied(ana, "select count(*) from orders")


def test_usage_of_the_schema_is_needed_too(pg: PgClient, login: Login) -> None:
    pg.query("grant select on orders to ana; revoke usage on schema t from public")
    denied(login("ana"), "select * from t.orders", "permission denied for schema t")


def test_roles_within_roles_and_groups_pass_rights_on(pg: PgClient, login: Login) -> None:
    pg.query("create role head; grant select on orders to role reader; grant role reader to role head")
    pg.query("grant role head to ana; alter group analysts add user ben; grant select on orders to group analysts")
    assert login("ana").query("select count(*) from orders").rows == [("3",)]
    assert login("ben").query("select count(*) from orders").rows == [("3",)]
    pg.query("revoke role head from ana; alter group analysts drop user ben; drop role head")
    denied(login("ana"), "select 1 from orders")
    denied(login("ben"), "select 1 from orders")


def test_column_privileges_cover_only_their_columns(pg: PgClient, login: Login) -> None:
    pg.query("grant select (id, region), update (region) on orders to ana")
    ana = login("ana")
    assert ana.query("select o.id from orders o where region = 'us'").rows == [("2",)]
    assert ana.query("update orders set region = 'xx' where id = 1").tags == ["UPDATE 1"]
    for sql in (
        "select * from orders",
        "select cents from orders",
        "select o.cents from orders o",
        "select id from orders order by cents",
        "select x from orders as o(i, r, x)",
        "select id from orders where cents > 1",
        "select o.id from orders o join (select 100 as cents) s using (cents)",
        "update orders set cents = 1",
    ):
        denied(ana, sql)


def test_a_view_reads_with_its_owners_rights(pg: PgClient, login: Login) -> None:
    pg.query("create view totals as select region, sum(cents) as cents from orders group by 1")
    pg.query("grant select on totals to ana")
    assert login("ana").query("select count(*) from totals").rows == [("2",)]
    denied(login("ana"), "select * from orders")


def test_grant_option_lets_a_user_pass_a_privilege_on(pg: PgClient, login: Login) -> None:
    pg.query("grant select on orders to ana with grant option")
    ana, ben = login("ana"), login("ben")
    denied(ana, "grant insert on orders to ben")
    ana.query("grant select on orders to ben")
    assert ben.query("select count(*) from orders").rows == [("3",)]
    denied(ben, "grant select on orders to public")


def test_default_privileges_apply_to_new_tables(pg: PgClient, login: Login) -> None:
    pg.query("alter default privileges in schema t grant select on tables to role reader; grant role reader to ana")
    pg.query("create table later (x int); create view seen as select * from later")
    assert login("ana").query("select count(*) from later").rows == [("0",)]
    assert login("ana").query("select count(*) from seen").rows == [("0",)]
    pg.query("alter default privileges in schema t revoke select on tables from role reader")


def test_ordinary_users_manage_no_users(login: Login) -> None:
    for sql in ("create user eve password disable", "create role x", "create group g", "alter user ben createuser"):
        with pytest.raises(PgError) as caught:
            login("ana").query(sql)
        assert caught.value.fields["C"] == "42501"


def test_an_owner_has_all_rights_and_a_rename_keeps_grants(pg: PgClient, login: Login) -> None:
    pg.query("grant create on schema t to ana")
    ana, ben = login("ana"), login("ben")
    ana.query("create table mine (x int); insert into mine values (1); grant select on mine to ben")
    ana.query("alter table mine rename to ours")
    assert ben.query("select * from ours").rows == [("1",)]
    denied(ben, "drop table ours", "must be owner")
    ana.query("drop table ours")


def test_a_dropped_users_open_session_has_no_rights(cloud: Cloud, pg: PgClient) -> None:
    pg.query(f"create user eve password '{PASSWORD}'; create table s (x int)")
    eve = PgClient(cloud.wire_port, "eve", PASSWORD, DATABASE)
    pg.query("drop user eve")
    denied(eve, "select * from t.s")
    eve.close()
    with pytest.raises(PgError, match="password"):
        PgClient(cloud.wire_port, "eve", PASSWORD, DATABASE)


def test_privilege_functions_answer_as_statements_behave(pg: PgClient, login: Login) -> None:
    pg.query("grant select on orders to role reader; grant role reader to ana")
    asked = "select has_table_privilege('{}', 't.orders', 'select'), has_table_privilege('{}', 't.orders', 'delete')"
    assert pg.query(asked.format("ana", "ana")).rows == [("t", "f")]
    assert pg.query(asked.format("ben", "ben")).rows == [("f", "f")]
    assert login("ana").query(
        "select has_schema_privilege('t', 'usage'), has_schema_privilege('t', 'create')"
    ).rows == [("t", "f")]


@pytest.fixture
def protected(pg: PgClient, login: Login) -> PgClient:
    """ana's session: she may do everything to orders, but a policy shows her one region only."""
    pg.query("grant select, insert, update, delete, truncate on orders to ana, ben")
    pg.query("create rls policy of_region with (region varchar(10)) using (region = 'eu')")
    pg.query("attach rls policy of_region on orders to ana; alter table orders row level security on")
    return login("ana")


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from orders",
        "select count(*) from t.orders o",
        "select count(*) from (select * from orders) x",
        "with x as (select * from orders) select count(*) from x",
        "select count(*) from orders a join orders b on a.id = b.id",
        "select (select count(*) from orders)",
        "select count(*) from seen",
        "select count(*) from late",
        "select count(distinct id) from orders where 1 = 1 or region = 'us'",
        "select count(*) from (select id from orders union select id from orders) u",
    ],
)
def test_policies_hide_rows_wherever_the_table_is_read(pg: PgClient, protected: PgClient, sql: str) -> None:
    pg.query("create view seen as select * from orders; grant select on seen to ana")
    pg.query("create view late as select * from t.orders with no schema binding; grant select on late to ana")
    assert protected.query(sql).rows == [("2",)]


def test_update_and_delete_reach_only_visible_rows(pg: PgClient, protected: PgClient) -> None:
    assert protected.query("update orders set cents = 0").tags == ["UPDATE 2"]
    assert protected.query("delete from orders o where o.id > 0").tags == ["DELETE 2"]
    assert pg.query("select id, cents from orders").rows == [("2", "200")]


def test_a_table_as_query_takes_only_visible_rows(pg: PgClient, protected: PgClient) -> None:
    protected.query("create table public.mine as select * from orders")
    assert pg.query("select count(*) from public.mine").rows == [("2",)]
    pg.query("drop table public.mine")


def test_without_a_policy_of_ones_own_there_are_no_rows(login: Login, protected: PgClient, pg: PgClient) -> None:
    assert login("ben").query("select count(*) from orders").rows == [("0",)]
    assert pg.query("select count(*) from orders").rows == [("3",)]
    pg.query("alter table orders row level security off")
    assert protected.query("select count(*) from orders").rows == [("3",)]


def test_policies_combine_as_the_table_says(pg: PgClient, protected: PgClient) -> None:
    pg.query(
        "create rls policy cheap with (cents int) using (cents < 300); attach rls policy cheap on orders to public"
    )
    assert protected.query("select id from orders").rows == [("1",)]
    pg.query("alter table orders row level security on conjunction type or")
    assert len(protected.query("select id from orders").rows) == 3
    pg.query("drop rls policy cheap cascade")


def test_a_policy_may_ask_who_reads_and_look_into_another_table(pg: PgClient, protected: PgClient) -> None:
    pg.query("create table assigned (person varchar(10), place varchar(10)); insert into assigned values ('ana', 'us')")
    pg.query("alter rls policy of_region using (region in (select place from t.assigned where person = current_user))")
    denied(protected, "select * from orders")
    pg.query("grant select on assigned to rls policy of_region")
    assert protected.query("select id from orders").rows == [("2",)]
    denied(protected, "select * from assigned")


def test_ignore_rls_and_secadmin_see_everything(pg: PgClient, protected: PgClient) -> None:
    pg.query("grant ignore rls to role reader; grant role reader to ana")
    assert protected.query("select count(*) from orders").rows == [("3",)]
    pg.query("revoke role reader from ana")
    assert protected.query("select count(*) from orders").rows == [("2",)]


def test_only_security_administrators_manage_policies(pg: PgClient, protected: PgClient) -> None:
    for sql in (
        "alter table orders row level security off",
        "detach rls policy of_region on orders from ana",
        "alter rls policy of_region using (true)",
        "drop rls policy of_region cascade",
    ):
        denied(protected, sql)
    assert protected.query("select count(*) from svv_rls_policy").rows == [("0",)]
    pg.query("grant role sys:secadmin to ben")
    assert pg.query("select polname from svv_rls_policy").rows == [("of_region",)]
    assert pg.query("select relname, polname, grantee, is_rls_on from svv_rls_attached_policy").rows == [
        ("orders", "of_region", "ana", "t")
    ]


def test_an_attached_policy_needs_cascade_to_be_dropped(pg: PgClient, protected: PgClient) -> None:
    with pytest.raises(PgError, match="attached"):
        pg.query("drop rls policy of_region")


def test_execute_on_a_function_is_everybodys_until_it_is_revoked(pg: PgClient, login: Login) -> None:
    pg.query("create function f_double(int) returns int immutable as $$ select $1 * 2 $$ language sql")
    ana = login("ana")
    assert ana.query("select f_double(4)").rows == [("8",)]
    pg.query("revoke execute on function f_double(int) from public")
    denied(ana, "select f_double(4)")
    denied(ana, "grant execute on function f_double(int) to ben")
    pg.query("create view doubled as select f_double(id) as twice from orders; grant select on doubled to ana")
    assert ana.query("select sum(twice) from doubled").rows == [("12",)]
    pg.query("grant execute on all functions in schema t to role reader; grant role reader to ana")
    assert ana.query("select f_double(4)").rows == [("8",)]
    pg.query("create or replace function f_double(int) returns int immutable as $$ select $1 + $1 $$ language sql")
    denied(login("ben"), "select f_double(4)")
    with pytest.raises(PgError) as caught:
        pg.query("grant execute on function f_double(date) to ana")
    assert caught.value.sqlstate == "42883"
    with pytest.raises(PgError) as caught:
        pg.query("grant select on function f_double(int) to ana")
    assert caught.value.sqlstate == "0LP01"
