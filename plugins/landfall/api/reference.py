"""The reference page of the extract API, made from its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from landfall.api.app import Doors, create_app
from landfall.api.callers import REQUESTS, WINDOW_SECONDS
from landfall.api.downloads import LINK_SECONDS
from landfall.api.runs import Runs
from landfall.extract.records.record import RunState

PREFIX = "/landfall"


class _NoRuns:
    """Runs of nothing: the document needs none."""

    def start(self, run_id: str, conf: Mapping[str, Any], *, who: str) -> None:
        """Start nothing."""

    def state(self, run_id: str) -> RunState:
        """Know of nothing."""
        return "unknown"

    def again(self, run_id: str) -> None:
        """Begin nothing anew."""

    def stop(self, run_id: str) -> None:
        """Stop nothing."""


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document as any server of the API gives it."""
    runs: Runs = _NoRuns()
    return create_app(Doors(runs=runs)).openapi()


def api_page() -> str:
    """Return the page in Markdown: every operation with its parameters and answers."""
    document = openapi_document()
    lines = [
        "# Extract API",
        "",
        f"Below `{PREFIX}`; the same document for programs is `GET {PREFIX}/v1/openapi.json`. "
        "[How to call it](../how-to/call-the-extract-api.md).",
        "",
        f"A key has {REQUESTS} requests in {WINDOW_SECONDS} s (`RateLimit-Policy`, `RateLimit`, as "
        f"draft-ietf-httpapi-ratelimit-headers-10 writes them). A link to a file lives {LINK_SECONDS} s. Refusals are "
        "`application/problem+json` with `detail` and, where one is at fault, `field`, `value` and `remedy`.",
        "",
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += _operation(f"{method.upper()} {PREFIX}{path}", operation)
    lines += ["## Fields of a request", "", "| field | values | meaning |", "| --- | --- | --- |"]
    body = document["paths"]["/v1/extracts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    lines += [f"| `{name}` | {_values(field)} | {field['description']} |" for name, field in body["properties"].items()]
    return "\n".join([*lines, ""])


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## `{title}`", "", " ".join(operation["description"].split()), "")
    parameters = operation.get("parameters", ())
    for parameter in parameters:
        words = parameter.get("description") or parameter["schema"].get("description", "")
        yield f"- `{parameter['name']}` ({parameter['in']}) {words}".rstrip()
    if parameters:
        yield ""
    responses = sorted(operation["responses"].items())
    answers = (f"{status} {answer['description']}".rstrip(".") for status, answer in responses)
    yield from (f"Answers: {'; '.join(answers)}.", "")


def _values(field: Mapping[str, Any]) -> str:
    offered = [f"`{value}`" for value in field.get("enum", ()) if value is not None]
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return ", ".join(offered) or field.get("format") or " or ".join(kind for kind in kinds if kind != "null")
