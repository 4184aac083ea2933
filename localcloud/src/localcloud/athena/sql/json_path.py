"""JSON paths of SQL/JSON: `lax $.a[*]."b c"[0 to last]`. Source: Trino's documentation, 'JSON functions and operators'.

Methods, filters, arithmetic and variables are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from localcloud.lake.errors import NotSupportedError

_STEP = re.compile(r'\s*(?:\.\s*(?:(\*)|([A-Za-z_]\w*)(?!\w*\s*\()|"((?:[^"\\])*)")|\[([^\]]*)\])')
_INDEX = re.compile(r"\s*(\d+|last)\s*(?:to\s+(\d+|last)\s*)?")
Step = Callable[[object, bool], Iterator[object]]


class PathError(Exception):
    """A strict path meets a value that it does not fit."""


@dataclass(frozen=True)
class Path:
    """A path: lax or strict, and its steps from the document on."""

    strict: bool
    steps: tuple[Step, ...]

    def items(self, document: object) -> list[object]:
        """The items that the path leads to; raises PathError."""
        found = [document]
        for step in self.steps:
            found = [item for value in found for item in step(value, self.strict)]
        return found


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """Read a path; raises NotSupportedError for what is more than members and indices."""
    match = re.match(r"\s*(lax|strict)\s+\$", text)
    position = match.end() if match else 0
    steps: list[Step] = []
    while match and text[position:].strip():
        step = _STEP.match(text, position)
        if step is None:
            match = None
            break
        steps.append(_step(*step.groups(), path=text))
        position = step.end()
    if match is None:
        raise NotSupportedError(f"the JSON path {text!r}")
    return Path(text.split()[0] == "strict", tuple(steps))


def _step(wildcard: str | None, name: str | None, quoted: str | None, inside: str | None, *, path: str) -> Step:
    if wildcard:
        return _every_member
    if inside is None:
        return _member(str(name if name is not None else quoted))
    if inside.strip() == "*":
        return _every_element
    ranges = [_INDEX.fullmatch(piece) for piece in inside.split(",")]
    if None in ranges:
        raise NotSupportedError(f"the JSON path {path!r}")
    return _elements([(found[1], found[2] or found[1]) for found in ranges if found])


def _unwrapped(value: object, strict: bool) -> list[object]:
    return list(value) if isinstance(value, list) and not strict else [value]


def _member(name: str) -> Step:
    def step(value: object, strict: bool) -> Iterator[object]:
        for item in _unwrapped(value, strict):
            if isinstance(item, dict) and name in item:
                yield item[name]
            elif strict:
                raise PathError

    return step


def _every_member(value: object, strict: bool) -> Iterator[object]:
    for item in _unwrapped(value, strict):
        if isinstance(item, dict):
            yield from item.values()
        elif strict:
            raise PathError


def _every_element(value: object, strict: bool) -> Iterator[object]:
    if not isinstance(value, list) and strict:
        raise PathError
    yield from value if isinstance(value, list) else [value]


def _elements(ranges: list[tuple[str, str]]) -> Step:
    def step(value: object, strict: bool) -> Iterator[object]:
        if not isinstance(value, list) and strict:
            raise PathError
        elements = value if isinstance(value, list) else [value]
        for low, high in ranges:
            first, last = (len(elements) - 1 if end == "last" else int(end) for end in (low, high))
            if strict and not 0 <= first <= last < len(elements):
                raise PathError
            yield from elements[max(first, 0) : last + 1]

    return step
