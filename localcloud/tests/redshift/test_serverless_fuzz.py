"""Seeded random requests to the redshift-serverless API, made from its model: always a well-formed answer or error."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Callable
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from cloud import DATABASE, PASSWORD, USER, WORKGROUP, Cloud
from fuzzing import CASES, ODD_VALUES, SEED, spoiled_bytes, spoiled_text
from pgclient import PgClient

_HANG_SECONDS = 40
_CHECK_EVERY = 500
_MODEL = ServiceModel(Loader().load_service_model("redshift-serverless", "service-2"), "redshift-serverless")
_NEVER = ("DeleteWorkgroup", "DeleteNamespace", "UpdateNamespace", "UpdateWorkgroup")
"""Operations that, well asked, take away or change what the checks in between need."""


def test_any_serverless_request_has_a_well_formed_answer(cloud: Cloud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.api_port, timeout=_HANG_SECONDS)
    for case in range(CASES):
        rng = random.Random(SEED * 1_000_003 + case)
        operation, body = _request(rng)
        try:
            _send(connection, operation, body)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            raise AssertionError(f"case {case} with seed {SEED}, {operation} {body[:300]!r}: {error!r}") from error
        if case % _CHECK_EVERY == 0:
            _assert_alive(cloud)
    _assert_alive(cloud)
    assert cloud.redshift.poll() is None


def _request(rng: random.Random) -> tuple[str, bytes]:
    operation = rng.choice([name for name in _MODEL.operation_names if name not in _NEVER])
    shape = _MODEL.operation_model(operation).input_shape
    fields: dict[str, Any] = _value(shape, rng) if shape is not None else {}
    for _ in range(rng.choice((0, 1, 1, 2))):
        key = rng.choice([*fields, "workgroupName", "namespaceName", "nextToken", "maxResults", "unknown"])
        fields[key] = rng.choice((*ODD_VALUES, spoiled_text(rng, str(fields.get(key, "")))))
    body = json.dumps(fields).encode()
    return operation, spoiled_bytes(rng, body) if rng.random() < 0.1 else body


def _value(shape: Shape, rng: random.Random, depth: int = 0) -> Any:
    """A value of the model's shape; names are now and then those of what exists."""
    makers: dict[str, Callable[[], Any]] = {
        "structure": lambda: {
            name: _value(member, rng, depth + 1)
            for name, member in shape.members.items()
            if name in shape.required_members or (depth < 3 and rng.random() < 0.4)
        },
        "list": lambda: [_value(shape.member, rng, depth + 1) for _ in range(rng.randrange(3))],
        "map": dict,
        "boolean": lambda: rng.random() < 0.5,
        "integer": lambda: rng.randrange(-1, 200),
        "long": lambda: rng.randrange(-1, 200),
        "double": rng.random,
        "timestamp": lambda: rng.randrange(2**31),
        "string": lambda: rng.choice(
            (*shape.metadata.get("enum", ()), WORKGROUP, "shop-local", DATABASE, "absent", "arn:aws:x:workgroup/y")
        ),
    }
    return makers[shape.type_name]()


def _send(connection: http.client.HTTPConnection, operation: str, body: bytes) -> None:
    headers = {"X-Amz-Target": f"RedshiftServerless.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    assert isinstance(content, dict), content
    if answer.status != 200:
        assert answer.status == 400, (answer.status, content)
        assert content["__type"].isalpha(), content
        assert content["message"], content


def _assert_alive(cloud: Cloud) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    assert client.query("select 41 + 1").rows == [("42",)]
    client.close()
