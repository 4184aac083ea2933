"""Read YAML documents strictly: whatever is not understood is refused with its place, its value and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from jsonschema import Draft202012Validator

from landfall.errors import ContractError

T = TypeVar("T")


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML without repeated keys, of which the plain loader would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"repeated key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Place:
    """A value of a document with the way to it, such as `orders.yaml: schema[0].properties[2].logicalType`."""

    file: Path
    path: str
    value: Any

    def refuse(self, remedy: str) -> NoReturn:
        """Raise ContractError that names file, field, value and `remedy`."""
        shown = "nothing" if self.value is None else repr(self.value)
        raise ContractError(f"{self.file}: {self.path or 'the document'} is {shown}: {remedy}")

    def __getitem__(self, key: str | int) -> Place:
        """Return the place of a mapping's `key` (value None if absent) or a sequence's position."""
        if isinstance(key, int):
            return Place(self.file, f"{self.path}[{key}]", self.value[key])
        return Place(self.file, f"{self.path}.{key}" if self.path else key, self.value.get(key))

    def mapping(self, *, known: Iterable[str]) -> Place:
        """Return itself if it is a mapping with no other keys than `known`."""
        if not isinstance(self.value, dict):
            self.refuse("write a mapping")
        known = sorted(known)
        for key in self.value:
            if key not in known:
                self[str(key)].refuse(f"the key is not understood here; known are {', '.join(known)}")
        return self

    def items(self) -> list[Place]:
        """Return the places of a sequence's entries; an absent sequence has none."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.refuse("write a list")
        return [self[position] for position in range(len(self.value))]

    def text(self) -> str:
        """Return a text that is not empty, without surrounding space."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("write a text (in quotes if YAML would read something else)")
        return self.value.strip()

    def flag(self) -> bool:
        """Return true or false; absent is false."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            self.refuse("write true or false")
        return self.value

    def integer(self) -> int | None:
        """Return an integer, or None if absent."""
        if self.value is not None and (isinstance(self.value, bool) or not isinstance(self.value, int)):
            self.refuse("write an integer")
        return self.value

    def one_of(self, choices: Iterable[str]) -> str:
        """Return the value if it is one of `choices`."""
        choices = list(choices)
        if self.value not in choices:
            self.refuse(f"write {' or '.join(choices)}")
        return str(self.value)


def read_document(path: Path) -> Place:
    """Return the only document of the YAML file `path`; raises ContractError if it cannot be read as such."""
    try:
        # The loader is a SafeLoader: no objects but plain ones are made.
        return Place(path, "", yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: not readable as YAML: {error}") from error
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {error.strerror}") from error


def read_checked(path: Path, schema: Mapping[str, Any], *, what: str) -> Any:
    """Return the values of the YAML file `path`, which is `what`; ContractError names what `schema` refuses."""
    document = read_document(path).value
    problems = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda error: list(error.path))
    if problems:
        field = ".".join(str(part) for part in problems[0].absolute_path) or "the document"
        raise ContractError(f"{what} {path.name}: {field}: {problems[0].message}")
    return document


def read_again_when_changed(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Make `read`, of a file that a process asks for often, read it again only when its time or its size is another.

    What it returns is shared by all who ask, and must not be changed by them.
    """
    known: dict[Path, tuple[tuple[int, int], T]] = {}

    @wraps(read)
    def read_or_recall(path: Path) -> T:
        try:
            status = path.stat()
        except OSError:
            return read(path)  # which says what is wrong
        age = (status.st_mtime_ns, status.st_size)
        if path not in known or known[path][0] != age:
            known[path] = (age, read(path))
        return known[path][1]

    return read_or_recall
