"""Errors in AWS's shape, and reading the fields of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ApiError(Exception):
    """An API call was refused: `code` is the exception name of the service's model."""

    code: str
    message: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)


def validation(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def text(request: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A string field; raises ValidationException when it is missing (without a default) or of another type."""
    value = request.get(name, default)
    if value is None or (value == "" and default is None):
        raise validation(f"{name} is required")
    if not isinstance(value, str):
        raise validation(f"{name} must be a string, not {value!r}")
    return value


def number(request: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """An integer field within bounds."""
    value = request.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise validation(f"{name} must be an integer from {low} to {high}, not {value!r}")
    return value


def only(request: Mapping[str, Any], allowed: set[str]) -> None:
    """Refuse fields that this API would otherwise ignore in silence."""
    for name in request:
        if name not in allowed:
            raise validation(f"the parameter {name} is not supported by the local cloud")
