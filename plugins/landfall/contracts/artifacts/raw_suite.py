"""The suite of the raw border: what the contract promises, asked again of the rows that a load added.

The load has checked each record already. The suite looks at the table with other eyes (Great Expectations' SQL), so a
mistake of the load does not vouch for itself. Patterns are left to the load: there is no regular expression that Great
Expectations could send to Athena.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from landfall.contracts.artifacts.writing import NOTE
from landfall.contracts.model import Field, StreamContract


def raw_suite(contract: StreamContract) -> str:
    """Return the YAML file of the suite of `raw.<stream>`, as landfall.quality.suites reads it."""
    checks = [_unique_key(contract)]
    for field in contract.fields:
        checks += _of_field(field)
    checks.append(
        _check(
            "expect_column_values_to_not_be_null",
            {"column": "_source_object"},
            "Conservation is counted by landed object.",
        )
    )
    text = yaml.safe_dump(checks, sort_keys=False, allow_unicode=True, width=110)
    return f"# {NOTE}\n{text}"


def _unique_key(contract: StreamContract) -> dict[str, Any]:
    why = "The contract's key: nothing twice."
    if len(contract.key) == 1:
        return _check("expect_column_values_to_be_unique", {"column": contract.key[0]}, why)
    return _check("expect_compound_columns_to_be_unique", {"column_list": list(contract.key)}, why)


def _of_field(field: Field) -> Iterator[dict[str, Any]]:
    column = {"column": field.name}
    if field.required:
        yield _check("expect_column_values_to_not_be_null", column, f"Required. {field.description}")
    if field.allowed:
        values = {**column, "value_set": list(field.allowed)}
        yield _check("expect_column_values_to_be_in_set", values, f"No other value is allowed. {field.description}")
    if (field.minimum, field.maximum) != (None, None):
        bounds = {**column, **_bounds(field.minimum, field.maximum)}
        yield _check("expect_column_values_to_be_between", bounds, f"Bounded. {field.description}")
    if (field.min_length, field.max_length) != (None, None):
        lengths = {**column, **_bounds(field.min_length, field.max_length)}
        yield _check("expect_column_value_lengths_to_be_between", lengths, f"Bounded in length. {field.description}")


def _bounds(least: int | None, most: int | None) -> dict[str, int]:
    return {name: value for name, value in (("min_value", least), ("max_value", most)) if value is not None}


def _check(kind: str, kwargs: dict[str, Any], why: str) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "meta": {"why": why}}
