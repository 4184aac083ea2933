"""Whatever is sent to Athena's API is answered in well-formed JSON, and the process goes on answering.

LANDFALL_FUZZ_CASES is the number of requests, LANDFALL_FUZZ_SEED what they are drawn from.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import string
from collections.abc import Callable
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

CASES = int(os.environ.get("LANDFALL_FUZZ_CASES", "500"))
SEED = int(os.environ.get("LANDFALL_FUZZ_SEED", "20261121"))
ANSWER_SECONDS = 20
CHECK_EVERY = 100
MODEL = ServiceModel(Loader().load_service_model("athena", "service-2"), "athena")
JSON_TYPE = "application/x-amz-json-1.1"
STRANGE_TEXTS = [
    "",
    " ",
    "\x00",
    "é" * 300,
    "😀",
    "\ud800",
    "a" * 70_000,
    "'; drop table x; --",
    "../../etc/passwd",
    "%s",
]
STRANGE_VALUES: list[Any] = [None, True, False, 0, -1, 1, 10**30, 1.5, -0.0, [], {}, [[]], [None], {"": None}]
STATEMENTS = [
    "select 1 as a, 'x' as b, cast(null as varchar) as c",
    "select x, count(*) over (partition by x % 3 order by x) from unnest(sequence(1, 20)) t (x) where x <> 7",
    "with a as (select 1 as n union all select 2) select a.n, b.n from a join a b on a.n < b.n order by 1 limit 3",
    "select transform(array[1, 2], v -> v + 1), map(array['k'], array[1.5]), row(1, 'a'), json_parse('{\"a\": 1}')",
    "select date_trunc('month', timestamp '2026-02-03 04:05:06.789'), interval '3' day + date '2026-01-01'",
    "select case when true then 1 else try(1 / 0) end, coalesce(null, 2), decimal '1.10' * 3",
    "show databases",
    "describe default.absent",
    "explain select 1",
    "unload (select 1 as n) to 's3://athena-tests-absent/x/' with (format = 'PARQUET')",
    "create table default.absent with (external_location = 's3://athena-tests-absent/y/') as select 1 as n",
    "execute absent using 1, 'a'",
]
PIECES = [
    "(",
    ")",
    ",",
    "'",
    '"',
    "`",
    ";",
    "--",
    "/*",
    "*/",
    "?",
    "null",
    "select",
    "from",
    "\n",
    "\\",
    "::",
    "[",
    "]",
    "->",
]

Case = tuple[str, str, dict[str, str], bytes]


def random_text(rng: random.Random, most: int = 40) -> str:
    return "".join(rng.choice(string.printable) for _ in range(rng.randrange(most)))


def random_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(6 if depth < 4 else 4)
    if kind == 0:
        return rng.choice(STRANGE_VALUES)
    if kind == 1:
        return rng.choice(STRANGE_TEXTS)
    if kind == 2:
        return random_text(rng)
    if kind == 3:
        return rng.randrange(-(2**40), 2**40)
    if kind == 4:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {random_text(rng, 8): random_value(rng, depth + 1) for _ in range(rng.randrange(4))}


def valid(shape: Shape, rng: random.Random, depth: int = 0) -> Any:
    """A value the model allows, more or less: what a client would send."""
    if shape.type_name == "structure":
        names = [name for name in shape.members if name in shape.required_members or (depth < 3 and rng.random() < 0.4)]
        return {name: valid(shape.members[name], rng, depth + 1) for name in names}
    if shape.type_name == "list":
        return [valid(shape.member, rng, depth + 1) for _ in range(rng.randrange(1, 4))]
    if shape.type_name == "map":
        return {random_text(rng, 8): valid(shape.value, rng, depth + 1) for _ in range(rng.randrange(2))}
    if shape.type_name == "boolean":
        return rng.random() < 0.5
    if shape.type_name in ("integer", "long"):
        return rng.randrange(shape.metadata.get("min", 0), shape.metadata.get("min", 0) + 50)
    return valid_text(shape, rng)


def valid_text(shape: Shape, rng: random.Random) -> str:
    texts = {
        "QueryString": rng.choice(STATEMENTS),
        "WorkGroupName": rng.choice(["absent", "fuzz", "fuzz"]),
        "CatalogNameString": "AwsDataCatalog",
        "DatabaseString": "default",
        "ResultOutputLocation": "s3://athena-tests-results/fuzz/",
        "ExpressionString": rng.choice([".*", "a|b", "(", "(a+)+$", "[", "\\"]),
        "AmazonResourceName": "arn:aws:athena:us-east-1:000000000000:workgroup/fuzz",
        "IdempotencyToken": "t" * rng.randrange(31, 40),
        "Token": rng.choice(["WyJ4IiwgMV0=", "e30=", "%%%", "MQ=="]),
    }
    if "enum" in shape.metadata:
        return str(rng.choice(shape.metadata["enum"]))
    return texts.get(shape.name, "f" * max(2, shape.metadata.get("min", 1)))


def mutated(value: Any, rng: random.Random) -> Any:
    """The value with something in it changed, dropped or added."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        changed = dict(value)
        if rng.random() < 0.15:
            del changed[key]
        else:
            changed[key] = mutated(value[key], rng)
        if rng.random() < 0.1:
            changed[random_text(rng, 8)] = random_value(rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.7:
        return [mutated(item, rng) for item in value] * rng.choice([1, 1, 60])
    if isinstance(value, str) and rng.random() < 0.5:
        return mutated_sql(value, rng)
    return random_value(rng)


def mutated_sql(text: str, rng: random.Random) -> str:
    for _ in range(rng.randrange(1, 4)):
        at, width = rng.randrange(len(text) + 1), rng.randrange(1, 8)
        piece = rng.choice(
            [rng.choice(PIECES), rng.choice(PIECES), text[at : at + width], chr(rng.randrange(1, 0x2FFF))]
        )
        text = rng.choice([text[:at] + piece + text[at:], text[:at] + text[at + width :], text[:at] + piece])
    return text


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def headers(operation: str) -> dict[str, str]:
    return {"X-Amz-Target": f"AmazonAthena.{operation}", "Content-Type": JSON_TYPE}


def raw_case(rng: random.Random) -> Case:
    """A request that is no request: broken JSON, huge, deep, for no operation, by another method."""
    good = encoded({"QueryExecutionId": "x" * 36})
    bodies: list[Callable[[], bytes]] = [
        lambda: rng.randbytes(rng.randrange(200)),
        lambda: good[: rng.randrange(len(good))],
        lambda: b"[" * rng.choice([10, 1_000, 200_000]),
        lambda: b'{"a":' * rng.choice([10, 100_000]),
        lambda: encoded(random_value(rng)),
        lambda: b'{"QueryString": "\\ud800", "MaxResults": 1e999, "NextToken": NaN}',
        lambda: b'{"QueryExecutionId": ' + b"9" * rng.choice([20, 5_000]) + b"}",
        lambda: encoded({"QueryString": "x" * rng.choice([262_145, 5_000_000] if rng.random() < 0.02 else [9])}),
        lambda: "{'QueryExecutionId': 'é'}".encode("utf-16"),
        lambda: b"",
    ]
    operation = rng.choice([rng.choice(MODEL.operation_names), "Absent", "", "../x", "é".encode().decode("latin-1")])
    sent = rng.choice([headers(operation), {}, {"X-Amz-Target": operation}, {"X-Amz-Target": "DynamoDB_20120810.Scan"}])
    method = rng.choice(["POST"] * 8 + ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
    path = rng.choice(["/"] * 8 + ["/absent", "//", "/?Action=ListWorkGroups"])
    return method, path, sent, rng.choice(bodies)()


def model_case(rng: random.Random) -> Case:
    """A request as the model has it, most of the time with something wrong in it."""
    operation = rng.choice([name for name in MODEL.operation_names if name != "DeleteWorkGroup"])
    shape = MODEL.operation_model(operation).input_shape
    request = valid(shape, rng)
    if rng.random() < 0.8:
        request = mutated(request, rng)
    return "POST", "/", headers(operation), encoded(request)


def sql_case(rng: random.Random) -> Case:
    """A statement that is nearly SQL."""
    text = rng.choice(STATEMENTS)
    request = {
        "QueryString": mutated_sql(text, rng) if rng.random() < 0.9 else "(" * rng.choice([50, 5_000]) + text,
        "ResultConfiguration": {"OutputLocation": "s3://athena-tests-results/fuzz/"},
    }
    if rng.random() < 0.2:
        request["ExecutionParameters"] = [mutated_sql("1", rng) or "1" for _ in range(rng.randrange(1, 3))]
    return "POST", "/", headers("StartQueryExecution"), encoded(request)


def send(connection: http.client.HTTPConnection, case: Case) -> tuple[int, bytes]:
    method, path, sent, body = case
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    return answer.status, answer.read()


def complaint(status: int, body: bytes) -> str:
    """What is wrong with an answer; '' where it is a well-formed answer or refusal."""
    try:
        answer = json.loads(body)
    except ValueError:
        return f"{status} with no JSON: {body[:200]!r}"
    if not isinstance(answer, dict):
        return f"{status} with no object"
    if status >= 500:
        return f"{status}: {answer}"
    if status >= 400 and not (isinstance(answer.get("__type"), str) and isinstance(answer.get("message"), str)):
        return f"{status} without __type and message: {answer}"
    return ""


def internal_error(cloud: Any) -> str:
    """What the youngest executions tell of an error that the engine does not know; '' where there is none."""
    ids = cloud.athena.list_query_executions(MaxResults=CHECK_EVERY // 2)["QueryExecutionIds"]
    found = cloud.athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"] if ids else []
    for execution in found:
        reason = execution["Status"].get("StateChangeReason", "")
        if reason.startswith("GENERIC_INTERNAL_ERROR") and "(AWS said so)" not in reason:
            return f"{reason} for {execution['Query']!r}"
    return ""


def test_whatever_is_sent_is_answered_in_well_formed_json(cloud: Any) -> None:
    rng = random.Random(SEED)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.athena_port, timeout=ANSWER_SECONDS)
    for number in range(CASES):
        case = rng.choices([raw_case, model_case, sql_case], [3, 4, 3])[0](rng)
        try:
            wrong = complaint(*send(connection, case))
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            wrong = f"{type(error).__name__}: {error}"
        if number % CHECK_EVERY == 0:
            wrong = wrong or internal_error(cloud)
        method, path, sent, body = case
        assert not wrong, f"case {number}: {wrong}\n{method} {path} {sent}\n{body[:2000]!r}"
    connection.close()
    assert not internal_error(cloud)
    assert cloud.run("select 42 as good").rows == [["42"]]
