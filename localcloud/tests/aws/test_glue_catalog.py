"""The Glue calls that Athena, dbt-athena and PyIceberg make."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from localcloud.aws import glue_catalog

from .conftest import AwsProcess


@pytest.fixture(scope="module")
def glue(aws: AwsProcess) -> Any:
    client = aws.client("glue")
    client.create_database(DatabaseInput={"Name": "Landing"})
    keys = [{"Name": "dt", "Type": "date"}, {"Name": "hr", "Type": "int"}]
    client.create_table(DatabaseName="landing", TableInput={"Name": "orders", "PartitionKeys": keys})
    partitions = [{"Values": [f"2026-11-{day:02d}", str(hour)]} for day in (19, 20, 21) for hour in (2, 10)]
    client.batch_create_partition(DatabaseName="landing", TableName="orders", PartitionInputList=partitions)
    return client


def values(glue: Any, expression: str) -> list[list[str]]:
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName="landing", TableName="orders", Expression=expression, PaginationConfig={"PageSize": 2}
    )
    return [partition["Values"] for page in pages for partition in page["Partitions"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("dt = '2026-11-20' and hr > 3", [["2026-11-20", "10"]]),
        ("dt >= date '2026-11-21'", [["2026-11-21", "2"], ["2026-11-21", "10"]]),
        ("(dt in ('2026-11-19', '2026-11-21')) and not hr = 10", [["2026-11-19", "2"], ["2026-11-21", "2"]]),
        ("hr between 3 and 11 and dt < '2026-11-20'", [["2026-11-19", "10"]]),
        ("dt = '2026-11-19' and hr = 2 or dt = '2026-11-20' and hr = 2", [["2026-11-19", "2"], ["2026-11-20", "2"]]),
    ],
)
def test_partitions_are_filtered_by_the_type_of_their_keys(
    glue: Any, expression: str, expected: list[list[str]]
) -> None:
    assert values(glue, expression) == expected


@pytest.mark.parametrize("expression", ["nosuch = 1", "hr = 'x'", "substr(dt, 1, 4) = '2026'", "dt ="])
def test_a_filter_that_is_not_understood_is_refused(glue: Any, expression: str) -> None:
    with pytest.raises(ClientError, match="InvalidInputException"):
        values(glue, expression)


def test_deleted_partitions_are_gone_and_unknown_ones_are_named(glue: Any) -> None:
    glue.create_table(DatabaseName="landing", TableInput={"Name": "gone", "PartitionKeys": []})
    glue.batch_create_partition(DatabaseName="landing", TableName="gone", PartitionInputList=[{"Values": ["a"]}])
    errors = glue.batch_delete_partition(
        DatabaseName="landing", TableName="gone", PartitionsToDelete=[{"Values": ["a"]}, {"Values": ["b"]}]
    )["Errors"]
    assert [error["PartitionValues"] for error in errors] == [["b"]]
    assert glue.get_partitions(DatabaseName="landing", TableName="gone")["Partitions"] == []


def test_catalog_calls_are_answered_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []

    def slow(*_: Any) -> tuple[int, dict[str, str], bytes]:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return 200, {}, b"{}"

    monkeypatch.setattr(glue_catalog, "_original", slow)
    call = ("POST", "/", {"x-amz-target": "AWSGlue.UpdateTable"}, b'{"TableInput": {"Name": "t"}}', {})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: glue_catalog._handle(*call), range(8)))
    assert max(most) == 1


def test_one_of_many_commits_of_the_same_version_wins(glue: Any) -> None:
    glue.create_table(DatabaseName="landing", TableInput={"Name": "contended", "Parameters": {"writer": ""}})

    def commit(writer: int) -> bool:
        try:
            table = {"Name": "contended", "Parameters": {"writer": str(writer)}}
            glue.update_table(DatabaseName="landing", TableInput=table, VersionId="1")
        except glue.exceptions.ConcurrentModificationException:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(commit, range(64))) == 1


def test_an_update_replaces_the_table_and_keeps_the_former_version(glue: Any) -> None:
    glue.create_table(DatabaseName="landing", TableInput={"Name": "Versioned", "Parameters": {"a": "1"}})
    glue.update_table(DatabaseName="landing", TableInput={"Name": "versioned", "Description": "second"})
    table = glue.get_table(DatabaseName="LANDING", Name="VERSIONED")["Table"]
    assert (table["Description"], table["Parameters"]) == ("second", {})
    pages = glue.get_paginator("get_table_versions").paginate(DatabaseName="landing", TableName="versioned")
    versions = pages.build_full_result()["TableVersions"]
    assert [(v["VersionId"], v["Table"]["Parameters"]) for v in versions] == [("2", {}), ("1", {"a": "1"})]
    glue.delete_table_version(DatabaseName="landing", TableName="versioned", VersionId="1")
    assert len(glue.get_table_versions(DatabaseName="landing", TableName="versioned")["TableVersions"]) == 1


def test_a_table_of_no_database_is_an_error_and_not_an_empty_list(glue: Any) -> None:
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_tables(DatabaseName="nosuch")


def test_a_table_read_from_the_catalogue_can_be_written_back(glue: Any) -> None:
    glue.create_database(DatabaseInput={"Name": "written_back"})
    glue.create_table(DatabaseName="written_back", TableInput={"Name": "t", "Parameters": {"a": "1"}})
    table = glue.get_table(DatabaseName="written_back", Name="t")["Table"]
    assert "Owner" not in table
    kept = {key: table[key] for key in ("Name", "Parameters", "Owner", "ViewOriginalText") if key in table}
    glue.update_table(DatabaseName="written_back", TableInput=kept)
