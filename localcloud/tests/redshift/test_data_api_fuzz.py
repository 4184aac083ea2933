"""Seeded random requests to the JSON APIs: never a hang or a crash, always a well-formed answer or error."""

from __future__ import annotations

import http.client
import json
import random
import time
from typing import Any

from cloud import DATABASE, PASSWORD, USER, WORKGROUP, Cloud
from fuzzing import CASES, ODD_VALUES, SEED, STATEMENTS, spoiled_bytes, spoiled_text
from pgclient import PgClient

_HANG_SECONDS = 40
_CHECK_EVERY = 200
_SQL = [sql for sql in STATEMENTS if "recursive" not in sql]
"""Without those that a spoiled condition turns into one without an end."""
_TARGET = {"WorkgroupName": WORKGROUP, "Database": DATABASE}
_SERVERLESS = {"workgroupName": WORKGROUP, "namespaceName": "shop-local", "resourceArn": "arn:aws:x:workgroup/y"}


def test_any_request_has_a_well_formed_answer(cloud: Cloud) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    client.query("drop table if exists public.fuzz; create table public.fuzz (x int, y varchar(20))")
    client.close()
    fuzzer = Fuzzer(cloud)
    for case in range(CASES):
        rng = random.Random(SEED * 1_000_003 + case)
        target, body = fuzzer.request(rng)
        try:
            fuzzer.send(target, body)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            raise AssertionError(f"case {case} with seed {SEED}, {target} {body[:300]!r}: {error!r}") from error
        if case % _CHECK_EVERY == 0:
            fuzzer.check_alive()
    fuzzer.check_alive()
    assert cloud.redshift.poll() is None


class Fuzzer:
    """Makes requests, some about statements that earlier ones started, and checks the answers."""

    def __init__(self, cloud: Cloud) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", cloud.api_port, timeout=_HANG_SECONDS)
        self._ids: list[str] = ["00000000-0000-0000-0000-000000000000"]

    def request(self, rng: random.Random) -> tuple[str, bytes]:
        """A target and a body: a sound request, or one spoiled in its fields or bytes."""
        target, fields = rng.choice(self._sound(rng))
        for _ in range(rng.choice((0, 0, 1, 2))):
            key = rng.choice([*fields, "Id", "Sql", "Parameters", "NextToken", "MaxResults", "SessionId", "unknown"])
            fields[key] = rng.choice((*ODD_VALUES, rng.choice(self._ids), spoiled_text(rng, str(fields.get(key, "")))))
        body = json.dumps(fields).encode()
        if rng.random() < 0.1:
            body = spoiled_bytes(rng, body)
        if rng.random() < 0.03:
            target = spoiled_text(rng, target).encode("latin-1", "replace").decode("latin-1")
        return "".join(letter for letter in target if letter.isprintable()), body

    def _sound(self, rng: random.Random) -> list[tuple[str, dict[str, Any]]]:
        sql, identifier = spoiled_text(rng, rng.choice(_SQL)), rng.choice(self._ids[-20:])
        wait = {"WaitTimeSeconds": 1} if rng.random() < 0.2 else {}
        listing = {"SchemaPattern": "%", "MaxResults": rng.randint(0, 5), **_TARGET}
        data: dict[str, dict[str, Any]] = {
            "ExecuteStatement": {"Sql": sql, **_TARGET, **wait},
            "BatchExecuteStatement": {"Sqls": [sql, "select 1"], **_TARGET},
            "DescribeStatement": {"Id": identifier},
            "GetStatementResult": {"Id": identifier},
            "GetStatementResultV2": {"Id": f"{identifier}:{rng.randint(0, 3)}"},
            "CancelStatement": {"Id": identifier},
            "ListStatements": {"MaxResults": rng.randint(0, 9), "Status": rng.choice(("ALL", "FAILED"))},
            "ListTables": listing,
            "ListSchemas": listing,
            "DescribeTable": {"Table": "fuzz", **_TARGET},
        }
        serverless = ("GetWorkgroup", "GetNamespace", "ListTagsForResource", "GetCredentials", "ListUsageLimits")
        serverless += ("CreateUsageLimit", "CreateNamespace", "CreateWorkgroup", "TagResource", "GetUsageLimit")
        return [
            *((f"RedshiftData.{name}", dict(fields)) for name, fields in data.items()),
            (f"RedshiftServerless.{rng.choice(serverless)}", dict(_SERVERLESS)),
        ]

    def send(self, target: str, body: bytes) -> None:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        self._connection.request("POST", "/", body, headers)
        answer = self._connection.getresponse()
        content = json.loads(answer.read())
        assert isinstance(content, dict), content
        if answer.status == 200:
            self._ids += [content["Id"]] if "Id" in content else []
            assert "internal error" not in content.get("Error", ""), content
            return
        assert answer.status == 400, (answer.status, content)
        assert content["__type"].isalpha(), content
        assert content["message"], content

    def check_alive(self) -> None:
        started = time.monotonic()
        fields = {"Sql": "select 41 + 1 as x", "WaitTimeSeconds": 30, **_TARGET}
        self.send("RedshiftData.ExecuteStatement", json.dumps(fields).encode())
        body = json.dumps({"Id": self._ids[-1]}).encode()
        self._connection.request("POST", "/", body, {"X-Amz-Target": "RedshiftData.GetStatementResult"})
        assert json.loads(self._connection.getresponse().read())["Records"] == [[{"longValue": 42}]]
        assert time.monotonic() - started < _HANG_SECONDS
