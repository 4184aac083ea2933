"""A rule says what it means or is refused, and strikes the same requests for the same seed."""

from __future__ import annotations

from typing import Any

import pytest
from localcloud.faults.requests import Target, target_of
from localcloud.faults.rules import Faults, RuleError, read_rule


def strikes(faults: Faults, **request: Any) -> list[str]:
    asked = {"kinds": ("error", "slow"), "service": "s3", "operation": "PutObject", "text": "/b/k", **request}
    return [rule.kind for rule in faults.strike(**asked)]


def faults_with(*rules: dict[str, Any]) -> Faults:
    faults = Faults()
    for rule in rules:
        faults.add(read_rule(rule))
    return faults


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({}, "kind is missing"),
        ({"kind": "explode"}, "kind is 'explode': write one of throttle"),
        ({"kind": "error", "rate": 0}, "rate is 0"),
        ({"kind": "error", "rate": 1.5}, "rate is 1.5"),
        ({"kind": "error", "rate": True}, "rate is True"),
        ({"kind": "error", "limit": 0}, "limit is 0"),
        ({"kind": "error", "seed": "x"}, "seed is 'x'"),
        ({"kind": "slow", "delay_ms": -1}, "delay_ms is -1"),
        ({"kind": "error", "when": "during"}, "when is 'during'"),
        ({"kind": "error", "services": "s3"}, "services is no field of a fault rule; the fields are kind, service"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_field_and_value(rule: dict[str, Any], named: str) -> None:
    with pytest.raises(RuleError, match=named.replace("(", r"\(")):
        read_rule(rule)


def test_a_rule_strikes_what_it_names_and_nothing_else() -> None:
    faults = faults_with({"kind": "error", "service": "s3", "operation": "putobject", "match": "/b/"})
    assert strikes(faults) == ["error"]
    assert strikes(faults, service="sqs") == []
    assert strikes(faults, operation="GetObject") == []
    assert strikes(faults, text="/c/k") == []
    assert strikes(faults, origin="engine") == []
    assert strikes(faults, kinds=("slow",)) == []


def test_the_same_seed_strikes_the_same_requests() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = faults_with({"kind": "error", "rate": 0.3, "seed": seed})
        return [bool(strikes(faults)) for _ in range(200)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 30 < sum(pattern(1)) < 90


def test_a_rule_strikes_no_more_often_than_its_limit() -> None:
    faults = faults_with({"kind": "error", "limit": 2})
    assert [bool(strikes(faults)) for _ in range(4)] == [True, True, False, False]
    (described,) = faults.describe()
    assert (described["matched"], described["struck"]) == (2, 2)


def test_a_rule_ends_after_its_seconds() -> None:
    now = [100.0]
    faults = Faults(clock=lambda: now[0])
    faults.add(read_rule({"kind": "error", "seconds": 5}))
    assert strikes(faults) == ["error"]
    now[0] += 6
    assert strikes(faults) == []


def test_rules_are_cleared_by_id_or_all() -> None:
    faults = faults_with({"kind": "error"}, {"kind": "slow"})
    assert faults.clear("fault-1") == 1
    assert strikes(faults) == ["slow"]
    assert faults.clear() == 1
    assert faults.is_idle


SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"


@pytest.mark.parametrize(
    ("service", "request_line", "headers", "body", "operation"),
    [
        ("dynamodb", "POST /", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"{}", "PutItem"),
        ("sns", "POST /", {"content-type": "application/x-www-form-urlencoded"}, b"Action=Publish&x=1", "Publish"),
        ("s3", "PUT /bucket/a/key", {}, b"", "PutObject"),
        ("s3", "PUT /bucket/a/key", {"x-amz-copy-source": "/b/k"}, b"", "CopyObject"),
        ("s3", "PUT /bucket/key?partNumber=1&uploadId=u", {}, b"", "UploadPart"),
        ("s3", "POST /bucket/key?uploads=", {}, b"", "CreateMultipartUpload"),
        ("s3", "POST /bucket?delete=", {}, b"", "DeleteObjects"),
        ("s3", "GET /bucket?list-type=2", {}, b"", "ListObjectsV2"),
        ("s3", "HEAD /bucket/key", {}, b"", "HeadObject"),
    ],
)
def test_a_request_is_known_by_its_service_and_operation(
    service: str, request_line: str, headers: dict[str, str], body: bytes, operation: str
) -> None:
    method, _, address = request_line.partition(" ")
    path, _, query = address.partition("?")
    given = {"authorization": SIGNED.format(service), **headers}
    target = target_of(method=method, path=path, query=query, headers=given, body=body)
    assert (target.service, target.operation, target.origin) == (service, operation, "client")


def test_engines_are_told_from_clients() -> None:
    def origin(agent: str) -> Target:
        return target_of(method="GET", path="/b/k", query="", headers={"user-agent": agent}, body=b"")

    assert origin("Boto3/1.43 localcloud-engine").origin == origin("duckdb/v1.5.5").origin == "engine"
    assert origin("Boto3/1.43 md/Botocore").origin == "client"
