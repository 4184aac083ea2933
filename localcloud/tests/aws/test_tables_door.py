"""The engines' one question for several tables is answered as many questions to Glue and S3 would be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from localcloud.faults.gate import ADMIN_PATH
from localcloud.faults.requests import TABLES_PATH

from .conftest import AwsProcess


@pytest.fixture(scope="module")
def tables(aws: AwsProcess) -> AwsProcess:
    """Objects below a table without partitions, and one with partitions."""
    s3, glue = aws.client("s3"), aws.client("glue")
    s3.create_bucket(Bucket="door")
    for key in ("t/b c=ü.parquet", "t/a.parquet", "t2/other.parquet"):
        s3.put_object(Bucket="door", Key=key, Body=key.encode())
    glue.create_database(DatabaseInput={"Name": "door"})
    storage = {"Location": "s3://door/t", "Columns": [{"Name": "n", "Type": "int"}]}
    glue.create_table(DatabaseName="door", TableInput={"Name": "t", "StorageDescriptor": storage})
    keys = [{"Name": "dt", "Type": "date"}]
    glue.create_table(
        DatabaseName="door", TableInput={"Name": "parts", "StorageDescriptor": storage, "PartitionKeys": keys}
    )
    return aws


@pytest.fixture
def rule(tables: AwsProcess) -> Iterator[None]:
    address = tables.endpoint + ADMIN_PATH
    rule = {"kind": "error", "service": "glue", "operation": "GetTable"}
    assert urllib3.request("POST", address, json=rule).status == 200
    yield
    urllib3.request("DELETE", address)


def ask(aws: AwsProcess, *names: str) -> urllib3.BaseHTTPResponse:
    fields = [("key", "test"), ("region", "us-east-1"), *(("table", name) for name in names)]
    return urllib3.request("GET", aws.endpoint + TABLES_PATH, fields=fields)


def told(entry: dict[str, Any]) -> dict[str, Any]:
    """What GetTable says but for the times, which boto3 makes objects of."""
    return {name: value for name, value in entry.items() if not name.endswith("Time")}


def test_tables_are_told_as_gettable_tells_them(tables: AwsProcess) -> None:
    glue = tables.client("glue")
    expected = [told(glue.get_table(DatabaseName="door", Name=name)["Table"]) for name in ("t", "parts")]
    answer = ask(tables, "door/t", "door/absent", "door/parts", "nowhere/t").json()
    assert [told(entry) for entry in answer["Tables"]] == expected


def test_the_objects_of_tables_without_partitions_are_told_as_a_listing_tells_them(tables: AwsProcess) -> None:
    listed = tables.client("s3").list_objects_v2(Bucket="door", Prefix="t/")["Contents"]
    expected = [{name: entry[name] for name in ("Key", "Size", "ETag")} for entry in listed]
    assert ask(tables, "door/t").json()["Listings"] == {"s3://door/t/": expected}
    assert ask(tables, "door/parts").json()["Listings"] == {}


def test_nothing_is_told_while_a_fault_rule_is_in_force(tables: AwsProcess, rule: None) -> None:
    assert ask(tables, "door/t").status == 503
