"""Checks requests against the service's own model, as the service does before it looks at what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from localcloud.athena.errors import ApiError, invalid_request

Body = dict[str, Any]
Violation = str
_JAVA_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How the model's patterns, which are Java's, write every character beyond the basic plane."""


class RequestModel:
    """The service's operations and the shapes of their requests (botocore's model of Athena)."""

    def __init__(self) -> None:
        self._service = ServiceModel(Loader().load_service_model("athena", "service-2"), "athena")
        self.operations = frozenset(self._service.operation_names)

    def read(self, operation: str, body: Body) -> Body:
        """The request's known members, nulls left out.

        Raises ApiError: SerializationException where a member has another type than the model gives it,
        InvalidRequestException (INVALID_INPUT) where a value breaks the model's constraints.
        """
        violations: list[Violation] = []
        request = _structure(_input(self._service, operation), body, "", violations)
        if violations:
            count = len(violations)
            found = f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(violations)}"
            raise invalid_request(found)
        return request


@cache
def _input(service: ServiceModel, operation: str) -> StructureShape:
    model: OperationModel = service.operation_model(operation)
    return model.input_shape


def _value(shape: Shape, value: Any, path: str, violations: list[Violation]) -> Any:
    return _READERS[shape.type_name](shape, value, path, violations)


def _structure(shape: Shape, value: Any, path: str, violations: list[Violation]) -> Body:
    if not isinstance(value, dict):
        raise _unexpected(value, "a structure", path)
    read: Body = {}
    for name, member in shape.members.items():
        inner = _below(path, name[:1].lower() + name[1:])
        if value.get(name) is not None:
            read[name] = _value(member, value[name], inner, violations)
        elif name in shape.required_members:
            violations.append(_violation(None, inner, "Member must not be null"))
    return read


def _list(shape: Shape, value: Any, path: str, violations: list[Violation]) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(value, "a list", path)
    items: ListShape = shape
    violations += _length(shape, value, path)
    return [
        _value(items.member, item, _below(path, f"{index}.member"), violations)
        for index, item in enumerate(value, start=1)
    ]


def _map(shape: Shape, value: Any, path: str, violations: list[Violation]) -> Body:
    if not isinstance(value, dict):
        raise _unexpected(value, "a map", path)
    entries: MapShape = shape
    violations += _length(shape, value, path)
    return {
        _value(entries.key, key, path, violations): _value(entries.value, item, _below(path, key), violations)
        for key, item in value.items()
    }


def _string(shape: Shape, value: Any, path: str, violations: list[Violation]) -> str:
    if not isinstance(value, str):
        raise _unexpected(value, "a string", path)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ApiError("SerializationException", f"the text at '{path}' is no Unicode text") from error
    violations += _length(shape, value, path)
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not _pattern(pattern).fullmatch(value):
        violations.append(_violation(value, path, f"Member must satisfy regular expression pattern: {pattern}"))
    if allowed and value not in allowed:
        violations.append(_violation(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]"))
    return value


def _integer(shape: Shape, value: Any, path: str, violations: list[Violation]) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unexpected(value, "an integer", path)
    bits = 63 if shape.type_name == "long" else 31
    if not -(2**bits) <= value < 2**bits:
        raise _unexpected(value, f"an integer of {bits + 1} bits", path)
    violations += _bounds(shape, value, value, path, "value")
    return int(value)


def _boolean(shape: Shape, value: Any, path: str, violations: list[Violation]) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(value, "a boolean", path)
    return value


_READERS: dict[str, Callable[[Any, Any, str, list[Violation]], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
}


def _length(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    return _bounds(shape, value, len(value), path, "length")


def _bounds(shape: Shape, value: Any, measure: int, path: str, what: str) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and measure < least:
        yield _violation(value, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and measure > most:
        yield _violation(value, path, f"Member must have {what} less than or equal to {most}")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(_JAVA_SURROGATES, r"\U00010000-\U0010FFFF"))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _violation(value: Any, path: str, constraint: str) -> Violation:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _unexpected(value: Any, wanted: str, path: str) -> ApiError:
    found = type(value).__name__
    return ApiError("SerializationException", f"{found} found where {wanted} was expected, at '{path or 'body'}'")
