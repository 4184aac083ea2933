"""Any request gets an answer that the OpenAPI document has: no 5xx, no status, type or shape that it does not name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from landfall.api.reference import openapi_document

from tests.unit.api.world import CUSTOMER, STAFF, World

DOCUMENT = openapi_document()
OPERATIONS = [(method, path) for path, found in DOCUMENT["paths"].items() for method in found]
FIELDS = DOCUMENT["paths"]["/v1/extracts"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]

HOSTILE = ["' OR 1=1 --", "{{ 7*7 }}", "$(id)", "../../x", "%2e%2e%2f", "cus_000043", "\u202e\x00", "\ud800", "ä" * 300]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.sampled_from(["orders", "csv", CUSTOMER, "run-1"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
BODIES = st.one_of(VALUES, st.dictionaries(st.one_of(st.sampled_from(sorted(FIELDS)), TEXTS), VALUES, max_size=6))
VISIBLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


def test_every_operation_names_the_answers_of_a_refused_caller() -> None:
    assert len(OPERATIONS) == 12
    for method, path in OPERATIONS:
        if path != "/v1/health":
            assert {"401", "403", "429"} <= set(DOCUMENT["paths"][path][method]["responses"]), (method, path)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_request_gets_a_documented_answer(world: World, method: str, path: str, data: st.DataObject) -> None:
    if world.store.read("run-1") is None:
        world.done("run-1")
    operation = DOCUMENT["paths"][path][method]
    parts = {name: data.draw(TEXTS) for name in re.findall("{(.*?)}", path)}
    headers = dict(data.draw(st.sampled_from([world.key(), STAFF, {}, {"Authorization": "Bearer lfk_x"}])))
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and data.draw(st.booleans()):
            query[parameter["name"]] = data.draw(TEXTS).encode("utf-8", "replace")
        if parameter["in"] == "header" and data.draw(st.booleans()):
            headers[parameter["name"]] = data.draw(VISIBLE)
    body = data.draw(BODIES) if "requestBody" in operation else None
    _is_documented(world, method, _filled(path, parts), operation, headers=headers, query=query, body=body)


def _filled(path: str, parts: dict[str, str]) -> str:
    """Return the path with its parts, each of which stays one segment."""
    from urllib.parse import quote

    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(value.encode("utf-8", "replace"), safe="") or "-")
    return path


def _is_documented(
    world: World,
    method: str,
    path: str,
    operation: dict[str, Any],
    *,
    headers: dict[str, str],
    query: dict[str, bytes],
    body: Any,
) -> None:
    import json

    content = None if body is None else json.dumps(body).encode()
    answer = world.api.request(method, path, headers=headers, params=query, content=content)
    assert answer.status_code < 500, (answer.text, path, query, body)
    if "/%2E" in path.upper() or path.endswith("/.") or "/.." in path:
        return  # a client takes such a segment for a way up: it is another operation's
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, (answer.status_code, answer.text)
    kind = answer.headers.get("content-type", "")
    shape = described.get("content", {}).get(kind, {}).get("schema")
    assert shape is not None or not answer.content, (answer.status_code, kind)
    if shape is not None:
        Draft202012Validator({**shape, "components": DOCUMENT["components"]}).validate(answer.json())
