"""A query of an Iceberg table opens those files alone in which one of its rows may be, and finds the same rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from cloud import DATABASE as LOCAL_DATABASE
from cloud import PASSWORD, Cloud
from pgclient import PgClient, PgError
from pyiceberg.catalog.glue import GlueCatalog

BUCKET, DATABASE = "pruned-tables", "pruned"
DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(4)]
COLUMNS = "id bigint, amount decimal(9,2), day date, at timestamp, name varchar(20)"


def rows_of(day: date) -> pa.Table:
    """Three rows of a day: one of its midnight, one of its end, and one that knows of nothing but its number."""
    first = 10 * day.day
    midnight = datetime(day.year, day.month, day.day)
    return pa.table(
        {
            "id": pa.array([first, first + 1, first + 2], pa.int64()),
            "amount": pa.array([None, day.day, Decimal(day.day) + Decimal("0.5")], pa.decimal128(9, 2)),
            "day": pa.array([day, day, None], pa.date32()),
            "at": pa.array([midnight, midnight + timedelta(hours=23, minutes=59), None], pa.timestamp("us")),
            "name": pa.array([f"of {day}", "" if day == DAYS[0] else f"of {day} ", None]),
        }
    )


@pytest.fixture(scope="module")
def catalog(cloud: Cloud) -> GlueCatalog:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    cloud.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    endpoint = f"http://127.0.0.1:{cloud.aws_port}"
    keys = {"region": "us-east-1", "access-key-id": "test", "secret-access-key": "test", "endpoint": endpoint}
    return GlueCatalog("glue", **{f"{of}.{key}": value for of in ("glue", "s3") for key, value in keys.items()})


def make(catalog: GlueCatalog, name: str) -> list[str]:
    """An Iceberg table with a file for each day; gives their paths in that order."""
    table = catalog.create_table((DATABASE, name), schema=rows_of(DAYS[0]).schema, location=f"s3://{BUCKET}/{name}")
    paths: list[str] = []
    for day in DAYS:
        table.append(rows_of(day))
        paths += {task.file.file_path for task in table.scan().plan_files()} - set(paths)
    return paths


@pytest.fixture(scope="module")
def whole(catalog: GlueCatalog) -> None:
    make(catalog, "whole")


@pytest.fixture(scope="module")
def holed(cloud: Cloud, catalog: GlueCatalog) -> None:
    """A table whose files of all days but the second have been lost."""
    first, _, *others = make(catalog, "holed")
    for path in (first, *others):
        cloud.client("s3").delete_object(Bucket=BUCKET, Key=path.removeprefix(f"s3://{BUCKET}/"))


@pytest.fixture
def views(pg: PgClient, whole: None, holed: None) -> PgClient:
    """Views of both, one upon another, that name columns anew."""
    for name in ("whole", "holed"):
        pg.query(
            f"create view {name}_below as select id, day as d, at as day, amount + 1 as more, name from pruned.{name}"
            f" where id < 1000 with no schema binding; create view {name}_all as select * from pruned.{name}"
            f" where lower(name) = name or name is null with no schema binding; create view {name}_view as"
            f" select b.d, b.id as number, day, name as title, case when more > 0 then 1 end as amount"
            f" from t.{name}_below b with no schema binding"
        )
    return pg


@pytest.fixture
def pg(pg: PgClient, catalog: GlueCatalog) -> PgClient:
    pg.query(f"create external schema if not exists pruned from data catalog database '{DATABASE}' iam_role default")
    return pg


@pytest.mark.parametrize(
    "condition",
    [
        "at >= timestamp '2026-10-02 00:00:00' and at < timestamp '2026-10-03 00:00:00'",
        "at between '2026-10-02'::timestamp and '2026-10-02 23:59:00'::timestamp",
        "t.at >= date '2026-10-02' and t.at < date '2026-10-03'",
        "((day >= date '2026-10-02' and day < date '2026-10-03') or (day = date '2026-10-02'))",
        "date '2026-10-02' = day and name is not null",
        "id in (20, 21)",
        "id + 0 = 20 and day = cast('2026-10-02' as date)",
        "amount > 1.99 and amount < 2.6",
        "amount = 2 and amount > -1",
        "name = 'of 2026-10-02'",
        "'of 2026-10-02  ' = t.name",
        "name in ('of 2026-10-02', 'of nothing')",
        "(name = 'of 2026-10-02' or id = 21)",
        "day = date '2026-10-02' and exists (select 1 from T u where u.id = t.id and u.id between 20 and 29)",
    ],
)
def test_a_file_without_a_row_that_may_match_is_not_opened(
    pg: PgClient, whole: None, holed: None, condition: str
) -> None:
    query = f"select id from T t where {condition} order by id"
    expected = pg.query(query.replace("T", "pruned.whole")).rows
    assert expected
    assert pg.query(query.replace("T", "pruned.holed")).rows == expected
    with pytest.raises(PgError, match="404"):
        pg.query("select sum(id) from pruned.holed")


@pytest.mark.parametrize(
    "query",
    [
        "select * from T where day <> date '2026-10-02'",
        "select * from T where not (day = date '2026-10-02')",
        "select * from T where day = date '2026-10-02' or name is null",
        "select * from T where day is null and id > 20",
        "select * from T where coalesce(day, date '2026-10-02') = date '2026-10-02'",
        "select * from T where at > '2026-10-03'",
        "select * from T where at >= timestamp '2026-10-02 12:00:00' and day > date '2026-10-02' - 1",
        "select * from T where name > 'of 2026-10-02' and id <= 40",
        "select * from T where name = 'of 2026-10-02 '",
        "select * from T where name in ('of 2026-10-02', '') and id > 20",
        "select * from T where name = '' or id = 20",
        "select * from T where name <> 'of 2026-10-02'",
        "select * from T where not name = 'of 2026-10-02'",
        "select * from T where name in ('of 2026-10-02', null)",
        "select * from T where id = '20' and day = '2026-10-02'",
        "select * from T where id in ('20', '21')",
        "select id from T where 'a' = 'a' and name in ('of 2026-10-01')",
        "select a.id from T a left join T b on a.id = b.id and b.name = 'of 2026-10-02' where a.id > 20",
        "select * from T where id between 30 and 12 or id = 42",
        "select a.id, b.id from T a left join T b on a.id = b.id and b.day = date '2026-10-02' where a.id > 20",
        "select a.id, b.id from T a left join T b on a.id = b.id + 10 where b.id is null or b.id > 20",
        "select a.id, b.id from T a full join T b on a.id = b.id + 10 where a.id > 20",
        "select a.id, b.id from T a join T b on a.id = b.id + 10 where a.id > 20 and b.day <= date '2026-10-02'",
        "select a.id, b.id from T a, T b where a.id > 30 and b.id < 20",
        "select id from T where id > 20 except select id from T where id > 40",
        "select id from T where id > (select min(id) + 20 from T)",
        "select id from (select id, day from T) x where day = date '2026-10-03'",
        "with x as (select id, 5 as day from T) select id from x where day = 5",
        "select id, (select max(u.id) from T u where t.id > 30) from T t",
        "select id, (select max(id) from T u where t.id > 30 and u.day < t.day) from T t where id < 40",
        "select day, count(*) from T where id > 15 group by day having count(*) > 1",
        "select id, sum(id) over (order by id) from T where id > 20",
        "select id, id - 20 as amount from T where amount > 1",
        "select id from T where id in (select id from T where day = date '2026-10-01')",
        "select id from T where id > 1000",
        "select id from T where id > -5 and -id > -20",
        "select distinct t.day from T t where t.day >= date '2026-10-03'",
    ],
)
def test_rows_are_those_of_a_table_without_files(pg: PgClient, whole: None, query: str) -> None:
    pg.query(f"create temp table copied ({COLUMNS})")
    pg.query("insert into copied select * from pruned.whole")
    assert len(pg.query("select * from copied").rows) == 3 * len(DAYS)
    found, expected = (sorted(pg.query(query.replace("T", name)).rows, key=repr) for name in ("pruned.whole", "copied"))
    assert found == expected


@pytest.mark.parametrize(
    "condition",
    [
        "d = date '2026-10-02'",
        "number in (20, 21) and amount is null",
        "v.day between timestamp '2026-10-02' and timestamp '2026-10-02 23:59:59'",
        "number < 30 and D >= date '2026-10-02'",
        "title = 'of 2026-10-02'",
    ],
)
def test_a_view_passes_on_what_is_said_of_its_columns(views: PgClient, condition: str) -> None:
    query = f"select number from T v where {condition} order by number"
    expected = views.query(query.replace("T", "whole_view")).rows
    assert expected and all(20 <= int(row[0] or 0) < 30 for row in expected)
    assert views.query(query.replace("T", "holed_view")).rows == expected


@pytest.mark.parametrize(
    ("view", "condition"),
    [
        ("select day, count(*) as id from pruned.whole group by day", "id < 5"),
        ("select day, max(id) as id from pruned.whole group by 1 having count(*) > 1", "day > date '2026-10-01'"),
        ("select id, sum(id) over (order by id) as amount, day from pruned.whole", "id > 20 and amount > 30"),
        ("select id, amount from pruned.whole order by id limit 4", "id > 11"),
        ("select distinct day, 7 as id from pruned.whole", "id = 7 and day < date '2026-10-03'"),
        ("select id from pruned.whole union all select id + 100 from pruned.whole", "id > 40"),
        ("select a.id, b.id as other from pruned.whole a left join pruned.whole b on a.id = b.id + 10", "other > 20"),
        ("select id, day from pruned.whole where id > 20 or name is null", "id < 35"),
        ("with x as (select id + 1 as id from pruned.whole) select id from x", "id = 21"),
        ("select id + 10 as id, id as was from pruned.whole", "id between 30 and 32 and was < 22"),
        ("select x.id, max(x.id) over () as most from (select id from pruned.whole) x", "id < 30"),
        ("select count(*) as id, 5 as day from pruned.whole", "day = 5"),
        ("select id, id > 20 as low from pruned.whole", "low"),
        ("select id, a as b, b as a from (select id, id > 20 as a, id < 40 as b from pruned.whole) x", "a and id > 1"),
    ],
)
def test_rows_of_a_view_are_those_of_its_query(pg: PgClient, whole: None, view: str, condition: str) -> None:
    pg.query(f"create view seen as {view} with no schema binding")
    pg.query(f"create temp table copied as {view}")
    found, expected = (
        sorted(pg.query(f"select * from {name} where {condition}").rows, key=repr) for name in ("t.seen", "copied")
    )
    assert found == expected


def test_a_view_of_all_columns_passes_on_what_is_said_of_texts(views: PgClient) -> None:
    query = "select id, name from T where name = 'of 2026-10-02' order by id"
    expected = [("20", "of 2026-10-02"), ("21", "of 2026-10-02 ")]
    assert views.query(query.replace("T", "whole_all")).rows == expected
    assert views.query(query.replace("T", "holed_all")).rows == expected


def test_a_view_under_a_policy_passes_on_what_is_said_of_its_columns(cloud: Cloud, views: PgClient) -> None:
    views.query(f"create user eve password '{PASSWORD}'; grant usage on schema t to eve")
    views.query("create rls policy of_low_numbers with (id bigint) using (id < 22)")
    for view in ("whole_all", "holed_all"):
        views.query(f"grant select on {view} to eve; attach rls policy of_low_numbers on {view} to eve")
        views.query(f"alter table {view} row level security on")
    eve = PgClient(cloud.wire_port, "eve", PASSWORD, LOCAL_DATABASE)
    try:
        query = "select id from t.T where id > 10 and at >= timestamp '2026-10-02 00:00:00' and id < 30 order by id"
        assert eve.query(query.replace("T", "whole_all")).rows == [("20",), ("21",)]
        assert eve.query(query.replace("T", "holed_all")).rows == [("20",), ("21",)]
    finally:
        eve.close()
        views.query("drop rls policy of_low_numbers cascade; revoke usage on schema t from eve")
        views.query("revoke all on whole_all from eve; revoke all on holed_all from eve; drop user eve")


def test_a_text_longer_than_redshift_reads_is_found_by_its_beginning(pg: PgClient, catalog: GlueCatalog) -> None:
    long = "abc" + " " * 16_384 + "z"
    rows = pa.table({"id": [1, 2, 3], "name": ["abc", long, "abd"]})
    catalog.create_table((DATABASE, "long"), schema=rows.schema, location=f"s3://{BUCKET}/long").append(rows)
    assert pg.query("select id from pruned.long where name = 'abc ' order by id").rows == [("1",), ("2",)]


def test_what_changes_a_table_reads_all_that_its_conditions_leave(pg: PgClient, whole: None) -> None:
    day = "day >= date '2026-10-03'"
    pg.query(f"create table taken as select id, name from pruned.whole where {day}")
    pg.query("insert into taken select id, name from pruned.whole r where r.id < 20")
    pg.query(f"delete from taken where not exists (select 1 from pruned.whole r where r.{day} and r.id = taken.id)")
    assert pg.query("select id from taken order by id").rows == [("30",), ("31",), ("40",), ("41",)]
