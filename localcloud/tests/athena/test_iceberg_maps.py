"""Map columns of Iceberg tables: made, added, merged and read; and text lines that are not plain UTF-8."""

from __future__ import annotations

from typing import Any


def iceberg(cloud: Any, database: str, name: str) -> str:
    return f"table_type = 'ICEBERG', is_external = false, location = '{cloud.lake}/{database}/{name}/'"


def test_a_map_column_is_made_by_a_query_and_read_by_key(cloud: Any, database: str) -> None:
    cloud.run(
        f"create table m with ({iceberg(cloud, database, 'm')}) as select id, extra from (values"
        " (1, map(array['x', 'y'], array['10', 'b'])), (2, cast(null as map(varchar, varchar)))) t (id, extra)",
        database,
    )
    result = cloud.run("select id, extra, element_at(extra, 'x'), element_at(extra, 'z') from m order by id", database)
    assert result.types[1] == "map"
    assert result.rows == [["1", "{x=10, y=b}", "10", None], ["2", None, None, None]]
    assert cloud.run("select extra['y'] from m where id = 1", database).rows == [["b"]]


def test_a_map_column_is_declared_added_merged_and_inserted(cloud: Any, database: str) -> None:
    cloud.run(
        "create table target (id bigint, _extra map<string,string>)"
        f" location '{cloud.lake}/{database}/target/' tblproperties ('table_type' = 'ICEBERG')",
        database,
    )
    cloud.run(
        f"create table source with ({iceberg(cloud, database, 'source')}) as select bigint '1' as id,"
        " map(array['k'], array['v']) as _extra union all select 2, null",
        database,
    )
    merge = (
        "merge into target t using source s on t.id = s.id"
        " when matched then update set _extra = s._extra"
        " when not matched then insert (id, _extra) values (s.id, s._extra)"
    )
    cloud.run(merge, database)
    cloud.run(merge, database)
    assert cloud.run("select id, _extra from target order by id", database).rows == [["1", "{k=v}"], ["2", None]]
    cloud.run("alter table target add columns (_more map<string,string>)", database)
    cloud.run("insert into target values (3, null, map(array['a'], array['b']))", database)
    assert cloud.run("select id, _more from target order by id", database).rows == [
        ["1", None],
        ["2", None],
        ["3", "{a=b}"],
    ]


def test_lines_keep_a_byte_order_mark_and_replace_what_is_no_utf8(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/lines/"
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=f"{prefix}a.txt", Body=b"\xef\xbb\xbffirst\nb\xff\xfed\n\xe2\x82\n")
    cloud.run(
        "create external table lines (line string) row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe'"
        f" with serdeproperties ('input.regex' = '(.*)') location '{location}'",
        database,
    )
    rows = cloud.run('select line, to_utf8(line) from lines order by "$path", line', database).rows
    assert sorted(row[0] for row in rows) == sorted(["\ufefffirst", "b\ufffd\ufffdd", "\ufffd"])


def test_maps_joined_with_a_null_are_null(cloud: Any) -> None:
    result = cloud.run("select map_concat(map(array['a'], array['b']), cast(null as map(varchar, varchar)))")
    assert result.rows == [[None]]
