"""Checking requests against the services' own models, as botocore has them: types, lengths, ranges, patterns, enums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

from localcloud.redshift.api.errors import validation

_SERVICES = {"RedshiftData": "redshift-data", "RedshiftServerless": "redshift-serverless"}
PREFIXES = tuple(_SERVICES)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": (int, float, str),
    "list": list,
    "structure": dict,
    "map": dict,
}


@lru_cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def operations(prefix: str) -> frozenset[str]:
    """The targets of all operations that the service has, e.g. `RedshiftData.ExecuteStatement`."""
    return frozenset(f"{prefix}.{name}" for name in _model(_SERVICES[prefix]).operation_names)


def check(target: str, request: Mapping[str, Any]) -> None:
    """Raise ValidationException, worded as AWS words it, for a request that the model does not allow."""
    prefix, _, name = target.partition(".")
    shape = _model(_SERVICES[prefix]).operation_model(name).input_shape
    faults = list(_faults(shape, request, "")) if shape is not None else []
    if faults:
        noun = "validation error" if len(faults) == 1 else "validation errors"
        raise validation(f"{len(faults)} {noun} detected: {'; '.join(faults[:10])}")


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    wrong_bool = isinstance(value, bool) and kind != "boolean"
    if wrong_bool or not isinstance(value, _TYPES.get(kind, object)):
        yield _fault(value, path, f"Member must be of type {kind}")
        return
    if kind == "structure":
        yield from _structure_faults(shape, value, path)
    elif kind == "list":
        yield from _range_faults(shape, len(value), value, path, "Member must have length")
        for place, element in enumerate(value, 1):
            yield from _faults(shape.member, element, f"{path}.{place}.member")
    elif kind == "string":
        yield from _range_faults(shape, len(value), value, path, "Member must have length")
        yield from _text_faults(shape, value, path)
    elif kind in ("integer", "long"):
        bits = 31 if kind == "integer" else 63
        if not -(2**bits) <= value < 2**bits:
            yield _fault(value, path, f"Member must be of type {kind}")
        yield from _range_faults(shape, value, value, path, "Member must have value")


def _structure_faults(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _fault(None, _below(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _faults(member, value[name], _below(path, name))


def _range_faults(shape: Shape, size: int, value: Any, path: str, said: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _fault(value, path, f"{said} greater than or equal to {low}")
    if high is not None and size > high:
        yield _fault(value, path, f"{said} less than or equal to {high}")


def _text_faults(shape: Shape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _fault(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield _fault(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _below(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _fault(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:100]}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
