"""Suite files: what each border asks of a table. Parsing them needs no Great Expectations."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from landfall.errors import ContractError
from landfall.quality.kinds import argument_problem
from landfall.settings import REPOSITORY

EXPECTATIONS = REPOSITORY / "expectations"
"""Folder of the suite files: one subfolder a border (raw, marts, warehouse, extracts)."""

OWNERS_FILE = "owners.yaml"
"""Border -> owner, beside the borders' folders."""

Severity = Literal["warn", "hold", "stop"]
"""What a broken check does: it is told, publication waits for a human, or nothing is published."""

_META = {"why", "severity", "owner"}

_LIST = "column_list"
_COLUMNS = frozenset({"column", "column_A", "column_B", _LIST})
"""Arguments that name columns, one each but for the list."""
_BOUNDS = frozenset(
    {"min_value", "max_value", "value", "value_set", "least", "most", "within", "share", "hours", "least_rows", "regex"}
)
"""Arguments that say what a check allows; the others say what it looks at."""


@dataclass(frozen=True)
class Check:
    """One expectation: its Great Expectations type, its arguments, why the border asks for it, and who answers."""

    type: str
    kwargs: Mapping[str, Any]
    why: str
    severity: Severity = "stop"
    owner: str = ""
    query: str | None = None
    """For a kind of Landfall's own: its query, once it is known what it compares with (see `kinds`)."""

    @property
    def name(self) -> str:
        """The check in words, one of a kind in its suite: `type(column)` or `type(description)`."""
        kwargs = self.kwargs
        pair = f"{kwargs['column_A']}, {kwargs['column_B']}" if "column_A" in kwargs else None
        subject = kwargs.get("description") or kwargs.get("column") or kwargs.get("column_list") or pair
        return f"{self.type}({subject})" if subject else self.type

    @property
    def threshold(self) -> str | None:
        """The bounds and the values that the check allows, as JSON; None if it has none beside its very type."""
        bounds = {name: value for name, value in self.kwargs.items() if name in _BOUNDS}
        return json.dumps(bounds) if bounds else None

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the arguments name; none for a check of the whole table, or one whose query names them."""
        single = (self.kwargs.get(name) for name in _COLUMNS - {_LIST})
        return frozenset([*(name for name in single if name), *self.kwargs.get(_LIST, ())])


@dataclass(frozen=True)
class Suite:
    """The checks of one suite file; `name` is `<border>.<file stem>`."""

    name: str
    checks: tuple[Check, ...]

    @property
    def columns(self) -> frozenset[str] | None:
        """The columns that the checks ask about; None if one of them has arguments that may speak of others."""
        if any(not check.columns or set(check.kwargs) - _BOUNDS - _COLUMNS for check in self.checks):
            return None
        return frozenset().union(*(check.columns for check in self.checks))

    def on(self, columns: Collection[str] | None) -> Suite:
        """Return the suite for a table that has only these columns: the checks that name no other; all for None."""
        if columns is None:
            return self
        return replace(self, checks=tuple(check for check in self.checks if check.columns <= set(columns)))


def suite_path(border: str, name: str) -> Path:
    """Return the address of the suite `name` of a border, such as ("marts", "fct_orders")."""
    return EXPECTATIONS / border / f"{name}.yaml"


def load_suite(path: Path) -> Suite:
    """Read the suite file at `path`, a list of {type, kwargs, meta: {why, severity?, owner?}}.

    The severity is `stop` and the owner the border's own unless a check says otherwise. Raises ContractError that
    names the file and the entry when it is missing, empty or misshapen, or when a check has no owner, a severity that
    there is none of, or the name of another check: an override could not tell the two apart.
    """
    entries = _read(path)
    if not isinstance(entries, list) or not entries:
        raise ContractError(f"suite {path} must be a list of at least one expectation")
    owner = border_owners(path.parent.parent).get(path.parent.name, "")
    checks = tuple(_check(path, number, entry, owner=owner) for number, entry in enumerate(entries, start=1))
    _refuse_doubles(path, [check.name for check in checks])
    return Suite(name=f"{path.parent.name}.{path.stem}", checks=checks)


def border_owners(folder: Path) -> Mapping[str, str]:
    """Return border -> owner as the file beside the borders' folders has them; none if there is no such file."""
    path = folder / OWNERS_FILE
    if not path.exists():
        return {}
    owners = _read(path)
    if not isinstance(owners, dict) or not all(isinstance(owner, str) and owner for owner in owners.values()):
        raise ContractError(f"{path} must map each border to the name of its owner")
    return owners


def _read(path: Path) -> Any:
    try:
        # A safe loader, in C: a gate of an extract reads its suite in a tenth of the time.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"suite {path} cannot be read: {error}") from error


def _check(path: Path, number: int, entry: object, *, owner: str) -> Check:
    """Return one entry of a suite file as a Check, or raise ContractError."""
    where = f"suite {path}, entry {number}"
    if not isinstance(entry, dict) or set(entry) != {"type", "kwargs", "meta"}:
        raise ContractError(f"{where} must have exactly type, kwargs and meta, and has {entry!r}")
    meta = entry["meta"] if isinstance(entry["meta"], dict) else {}
    if not isinstance(entry["type"], str) or not isinstance(entry["kwargs"], dict) or not meta.get("why"):
        raise ContractError(f"{where}: type must be text, kwargs a mapping, and meta.why must say why: {entry!r}")
    if problem := argument_problem(entry["type"], entry["kwargs"]):
        raise ContractError(f"{where}: {problem}")
    severity, owner = meta.get("severity", "stop"), meta.get("owner", owner)
    if severity not in get_args(Severity):
        raise ContractError(
            f"{where}: meta.severity is {severity!r} and must be one of {', '.join(get_args(Severity))}"
        )
    if not isinstance(owner, str) or not owner:
        raise ContractError(f"{where} has no owner: name one in meta.owner, or the border's in {OWNERS_FILE}")
    if unknown := sorted(set(meta) - _META):
        raise ContractError(
            f"{where}: meta has {', '.join(unknown)}, and only {', '.join(sorted(_META))} mean anything"
        )
    return Check(type=entry["type"], kwargs=entry["kwargs"], why=str(meta["why"]), severity=severity, owner=owner)


def _refuse_doubles(path: Path, names: Sequence[str]) -> None:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ContractError(f"suite {path} has {', '.join(doubles)} more than once: make one of them, or describe each")
