"""VACUUM and OPTIMIZE, and tables in which another engine marked rows as deleted."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry
from pyiceberg.table import Table
from pyiceberg.typedef import Record


@pytest.fixture
def items(cloud: Any, database: str) -> str:
    """An Iceberg table of six rows in two partitions; returns its location."""
    location = f"{cloud.lake}/{database}/items"
    cloud.run(
        f"create table items with (table_type = 'ICEBERG', is_external = false, location = '{location}/',"
        " partitioning = ARRAY['kind']) as select * from (values (1, 'a'), (2, 'a'), (3, 'a'), (4, 'b'), (5, 'b'),"
        " (6, 'b')) t (id, kind)",
        database,
    )
    return location


def insert_files(cloud: Any, database: str, kind: str, count: int) -> None:
    for number in range(count):
        cloud.run(f"insert into items values ({100 + number}, '{kind}')", database)


def files(cloud: Any, database: str) -> list[str]:
    return [row[0] for row in cloud.run('select file_path from "items$files"', database).rows]


def test_vacuum_expires_snapshots_and_deletes_what_only_they_reached(cloud: Any, database: str, items: str) -> None:
    cloud.run("update items set id = id + 10 where kind = 'a'", database)
    cloud.run("alter table items set tblproperties ('vacuum_max_snapshot_age_seconds' = '0')", database)
    cloud.run("vacuum items", database)
    assert len(cloud.run('select * from "items$snapshots"', database).rows) == 1
    data = [key for key in cloud.objects(items) if key.endswith(".parquet")]
    assert sorted(f"{cloud.lake}/{key}" for key in data) == sorted(files(cloud, database))
    assert cloud.run("select sum(id) from items", database).rows == [["51"]]


def test_vacuum_keeps_young_snapshots_and_files_no_commit_names_yet(cloud: Any, database: str, items: str) -> None:
    insert_files(cloud, database, "a", 1)
    bucket, _, prefix = items.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=f"{prefix}/data/written-just-now.parquet", Body=b"x")
    cloud.run("vacuum items", database)
    assert len(cloud.run('select * from "items$snapshots"', database).rows) == 2
    assert any(key.endswith("written-just-now.parquet") for key in cloud.objects(items))


def test_vacuum_keeps_as_many_snapshots_as_the_table_asks_for(cloud: Any, database: str, items: str) -> None:
    insert_files(cloud, database, "a", 3)
    cloud.run(
        "alter table items set tblproperties ('vacuum_max_snapshot_age_seconds' = '0',"
        " 'vacuum_min_snapshots_to_keep' = '2')",
        database,
    )
    cloud.run("vacuum items", database)
    assert len(cloud.run('select * from "items$snapshots"', database).rows) == 2


def test_optimize_leaves_a_partition_with_few_files_alone(cloud: Any, database: str, items: str) -> None:
    insert_files(cloud, database, "a", 2)
    before = files(cloud, database)
    cloud.run("optimize items rewrite data using bin_pack", database)
    assert files(cloud, database) == before


def test_optimize_with_a_condition_packs_those_partitions_only(cloud: Any, database: str, items: str) -> None:
    insert_files(cloud, database, "a", 5)
    insert_files(cloud, database, "b", 5)
    cloud.run("optimize items rewrite data using bin_pack where kind = 'a'", database)
    by_kind = cloud.run('select kind, count(distinct "$path") from items group by kind order by kind', database)
    assert by_kind.rows == [["a", "1"], ["b", "6"]]
    assert cloud.run("select count(*), sum(id) from items", database).rows == [["16", str(21 + 2 * 510)]]
    reason = cloud.failure("optimize items rewrite data using bin_pack where id = 1", database)
    assert "'id' is no partition column" in reason


@pytest.fixture
def foreign(cloud: Any, database: str, items: str) -> Table:
    """The table as another engine left it: a position delete file takes the rows 2 and 5 away."""
    catalog = GlueCatalog(
        "test",
        client=cloud.glue,
        **{
            "s3.endpoint": cloud.s3.meta.endpoint_url,
            "s3.access-key-id": "test",
            "s3.secret-access-key": "test",
            "s3.region": "us-east-1",
        },
    )
    table = catalog.load_table((database, "items"))
    for task in list(table.scan().plan_files()):
        delete_rows(table, task.file, [1])
        table = table.refresh()
    return table


def delete_rows(table: Table, data: DataFile, positions: list[int]) -> None:
    """Commit a position delete file for some rows of a data file."""
    path = f"{table.location()}/data/{uuid.uuid4()}-deletes.parquet"
    content = pa.table(
        {
            "file_path": pa.array([data.file_path] * len(positions), pa.string()),
            "pos": pa.array(positions, pa.int64()),
        },
        schema=pa.schema(
            [
                pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": "2147483546"}),
                pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": "2147483545"}),
            ]
        ),
    )
    with table.io.new_output(path).create() as stream:
        pq.write_table(content, stream)
    delete = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(data.partition[0]),
        record_count=len(positions),
        file_size_in_bytes=len(table.io.new_input(path)),
        spec_id=data.spec_id,
    )
    transaction = table.transaction()
    producer = transaction.update_snapshot().fast_append()
    add_delete_manifest(producer, delete)
    producer.commit()
    transaction.commit_transaction()


def add_delete_manifest(producer: Any, delete: DataFile) -> None:
    """PyIceberg writes no delete manifests of its own: write a manifest and mark it as one of deletes."""
    from pyiceberg.manifest import ManifestEntryStatus, ManifestWriterV2

    class DeleteManifestWriter(ManifestWriterV2):
        def content(self) -> ManifestContent:
            return ManifestContent.DELETES

        @property
        def _meta(self) -> dict[str, str]:
            return {**super()._meta, "content": "deletes"}

    metadata = producer._transaction.table_metadata
    writer = DeleteManifestWriter(
        metadata.spec(), metadata.schema(), producer.new_manifest_output(), producer.snapshot_id, "null"
    )
    with writer:
        writer.add(
            ManifestEntry.from_args(
                status=ManifestEntryStatus.ADDED,
                snapshot_id=producer.snapshot_id,
                sequence_number=None,
                file_sequence_number=None,
                data_file=delete,
            )
        )
    manifest = writer.to_manifest_file()
    existing = producer._existing_manifests
    producer._existing_manifests = lambda: [*existing(), manifest]


def test_rows_another_engine_marked_as_deleted_are_gone(cloud: Any, database: str, foreign: Table) -> None:
    assert cloud.run("select id from items order by id", database).rows == [["1"], ["3"], ["4"], ["6"]]
    assert cloud.run("select count(*) from items", database).rows == [["4"]]


def test_changing_rows_beside_deleted_ones_brings_none_back(cloud: Any, database: str, foreign: Table) -> None:
    cloud.run("update items set id = id * 10 where id in (2, 3)", database)
    assert cloud.run("select id from items order by id", database).rows == [["1"], ["4"], ["6"], ["30"]]
    cloud.run("delete from items where id = 4", database)
    assert cloud.run("select id from items order by id", database).rows == [["1"], ["6"], ["30"]]


def test_optimize_applies_the_deletes_for_good(cloud: Any, database: str, foreign: Table) -> None:
    cloud.run("optimize items rewrite data using bin_pack", database)
    assert cloud.run("select id from items order by id", database).rows == [["1"], ["3"], ["4"], ["6"]]
    plan = foreign.refresh().scan().plan_files()
    assert not any(task.delete_files for task in plan)
