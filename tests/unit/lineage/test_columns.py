"""What the columns of a query come from."""

from __future__ import annotations

import pytest
from landfall.lineage.columns import query_columns
from landfall.lineage.origins import How

SCHEMA = {"db": {"t": ["id", "kind", "cents", "at"], "rates": ["currency", "rate"]}}


def told(sql: str, *, dialect: str = "athena") -> dict[str, set[str]]:
    """Return column -> its origins, each as `column HOW`, with `masked` behind what masks."""
    found = query_columns(sql, dialect=dialect, schema=SCHEMA)
    return {
        name: {f"{each.column} {each.way.how}{' masked' if each.way.masking else ''}" for each in origins}
        for name, origins in found.fields.items()
    }


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("cents", {"cents IDENTITY"}),
        ("cast(cents as varchar)", {"cents TRANSFORMATION"}),
        ("cents * 2 + id", {"cents TRANSFORMATION", "id TRANSFORMATION"}),
        ("case when kind = 'refund' then -cents else 0 end", {"kind CONDITIONAL", "cents TRANSFORMATION"}),
        ("case kind when 'refund' then cents end", {"kind CONDITIONAL", "cents TRANSFORMATION"}),
        ("if(kind = 'refund', cents, id)", {"kind CONDITIONAL", "cents TRANSFORMATION", "id TRANSFORMATION"}),
        ("coalesce(cents, id)", {"cents TRANSFORMATION", "id TRANSFORMATION"}),
        ("lead(cents) over (partition by id order by at)", {"cents TRANSFORMATION", "id WINDOW", "at WINDOW"}),
        ("row_number() over (partition by id order by at)", {"id WINDOW", "at WINDOW"}),
        ("to_hex(md5(to_utf8(kind)))", {"kind TRANSFORMATION masked"}),
        ("kind is null", {"kind TRANSFORMATION"}),
        ("current_date", set()),
        ("(select max(rate) from db.rates where currency = kind)", {"rate AGGREGATION"}),
    ],
)
def test_a_value_has_its_origins(value: str, origins: set[str]) -> None:
    assert told(f"select {value} as v from db.t") == {"v": origins}


def test_aggregates_put_values_together_and_a_count_hides_them() -> None:
    sql = """
        select kind, sum(cents) as total, count(*) as n, count(distinct id) as ids,
               sum(cents) filter (where id > 1) as some
        from db.t group by kind
    """
    assert told(sql) == {
        "kind": {"kind IDENTITY"},
        "total": {"cents AGGREGATION"},
        "n": set(),
        "ids": {"id AGGREGATION masked"},
        "some": {"cents AGGREGATION", "id CONDITIONAL"},
    }


def test_a_value_is_followed_through_stars_ctes_unions_and_joins() -> None:
    sql = """
        with a as (select *, cast(at as date) as day from db.t),
        b as (select id, max(day) as day from a group by id union all select id, null from a),
        c as (select b.*, rates.rate * 100 as percent from b join db.rates on rates.currency = 'EUR')
        select * from c
    """
    assert told(sql) == {"id": {"id IDENTITY"}, "day": {"at AGGREGATION"}, "percent": {"rate TRANSFORMATION"}}


def test_what_only_decides_stays_so_whatever_is_made_of_it() -> None:
    sql = """
        with flagged as (select id, row_number() over (order by at) as place from db.t)
        select max(place) as last_place, max(case when place = 1 then id end) as first_id from flagged
    """
    assert told(sql) == {"last_place": {"at WINDOW"}, "first_id": {"at CONDITIONAL", "id AGGREGATION"}}


def test_what_decides_the_rows_is_told_once_for_all_columns() -> None:
    sql = """
        select t.id from db.t join db.rates on rates.currency = t.kind
        where t.at > timestamp '2026-01-01 00:00:00' group by t.id having max(t.cents) > 0 order by t.id
    """
    found = query_columns(sql, dialect="athena", schema=SCHEMA)
    assert {(each.column, each.way.how) for each in found.rows} == {
        ("at", How.FILTER),
        ("cents", How.FILTER),
        ("currency", How.JOIN),
        ("kind", How.JOIN),
        ("id", How.GROUP_BY),
        ("id", How.SORT),
    }
    assert found.tables == ("db.rates", "db.t")


def test_redshift_is_read_in_its_own_dialect() -> None:
    sql = 'select cast(dateadd(day, 1, "at") as date) as next_day from "dev"."db"."t"'
    assert told(sql, dialect="redshift") == {"next_day": {"at TRANSFORMATION"}}


def test_what_a_table_takes_from_itself_is_left_out() -> None:
    sql = "select coalesce(rates.rate, t.cents) as v from db.rates full outer join db.t on rates.rate = t.cents"
    found = query_columns(sql, dialect="athena", schema=SCHEMA).without("db.t")
    assert {each.column for each in found.fields["v"]} == {"rate"}
    assert {each.table for each in found.rows} == {"db.rates"}
    assert found.tables == ("db.rates",)
