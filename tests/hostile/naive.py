"""What Landfall does not do: a DAG whose SQL, command, key and log line are templates over `dag_run.conf`.

It is here to show that the corpus bites: what gets through where a value is put into text.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlglot
from airflow.sdk.definitions._internal.templater import SandboxedEnvironment
from sqlglot.errors import SqlglotError

TEMPLATES: Final[Mapping[str, str]] = {
    "sql": "SELECT * FROM published.ext_orders__v7 WHERE customer_id = '{{ dag_run.conf['customer_id'] }}'",
    "shell": "unload.sh --customer {{ dag_run.conf['customer_id'] }} --product orders",
    "path": "extracts/{{ dag_run.conf['customer_id'] }}/run-1/manifest.json",
    "log": "extract of {{ dag_run.conf['customer_id'] }} begins",
}
"""Fields as they stand in many a DAG."""

_ENVIRONMENT: Final = SandboxedEnvironment()
_CHARACTERS: Final = re.compile(r"[^\x20-\x7e\u00a1-\u1fff\u2030-\ufdff]")
_EXPANDS: Final = re.compile(r"[$`*?~<>]")


def rendered(field: str, value: object) -> str:
    """Return a field as Airflow renders it for a run with this conf."""
    return str(_ENVIRONMENT.from_string(TEMPLATES[field]).render(dag_run={"conf": {"customer_id": value}}))


def hits(value: object) -> set[str]:
    """Return the fields of the naive DAG in which `value` is more than a value."""
    return {field for field, is_hit in _HITS.items() if is_hit(rendered(field, value))}


def count_hits(values: Sequence[str]) -> Counter[str]:
    """Count the `values` that are more than a value, by field, and print it."""
    found = Counter(field for value in values for field in hits(value))
    told = ", ".join(f"{found[field]} change its {field}" for field in TEMPLATES)
    print(f"\na DAG of templates over dag_run.conf, {len(values)} hostile texts: {told}")
    return found


def _changes_sql(text: str) -> bool:
    """Tell whether the statement has another tree than a harmless one, or none."""
    try:
        trees = sqlglot.parse(text, dialect="redshift")
    except SqlglotError:
        return True
    return len(trees) != 1 or _shape(trees[0]) != _shape(sqlglot.parse_one(rendered("sql", "cus_000042")))


def _shape(tree: Any) -> list[str]:
    return [type(node).__name__ for node in tree.walk()] if tree else []


def _changes_command(text: str) -> bool:
    """Tell whether a shell would see other words than a harmless command has, or expand one."""
    try:
        words = list(shlex.shlex(text, posix=True, punctuation_chars=True))
    except ValueError:
        return True
    return "\n" in text or len(words) != len(shlex.split(rendered("shell", "x"))) or bool(_EXPANDS.search(text))


def _leaves_prefix(text: str) -> bool:
    """Tell whether the key is anywhere but one folder below `extracts/`."""
    parts = posixpath.normpath(text).split("/")
    return parts[0] != "extracts" or len(parts) != len(["extracts", "c", "run-1", "manifest.json"]) or "\\" in text


def _forges_line(text: str) -> bool:
    return bool(_CHARACTERS.search(text))


_HITS: Final[Mapping[str, Callable[[str], bool]]] = {
    "sql": _changes_sql,
    "shell": _changes_command,
    "path": _leaves_prefix,
    "log": _forges_line,
}
