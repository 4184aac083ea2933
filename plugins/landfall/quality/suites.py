"""Suite files: what each border asks of a table. Parsing them needs no Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from landfall.errors import ContractError
from landfall.settings import REPOSITORY

EXPECTATIONS = REPOSITORY / "expectations"
"""Folder of the suite files: one subfolder a border (raw, marts, warehouse, extracts)."""


@dataclass(frozen=True)
class Check:
    """One expectation: its Great Expectations type, its arguments, and why the border asks for it."""

    type: str
    kwargs: Mapping[str, Any]
    why: str


@dataclass(frozen=True)
class Suite:
    """The checks of one suite file; `name` is `<border>.<file stem>`."""

    name: str
    checks: tuple[Check, ...]


def suite_path(border: str, name: str) -> Path:
    """Return the address of the suite `name` of a border, such as ("marts", "fct_orders")."""
    return EXPECTATIONS / border / f"{name}.yaml"


def load_suite(path: Path) -> Suite:
    """Read the suite file at `path`, a list of {type, kwargs, meta: {why}}.

    Raises ContractError that names the file and the entry when it is missing, empty or misshapen.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"suite {path} cannot be read: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise ContractError(f"suite {path} must be a list of at least one expectation")
    checks = tuple(_check(path, number, entry) for number, entry in enumerate(entries, start=1))
    return Suite(name=f"{path.parent.name}.{path.stem}", checks=checks)


def _check(path: Path, number: int, entry: object) -> Check:
    """Return one entry of a suite file as a Check, or raise ContractError."""
    where = f"suite {path}, entry {number}"
    if not isinstance(entry, dict) or set(entry) != {"type", "kwargs", "meta"}:
        raise ContractError(f"{where} must have exactly type, kwargs and meta, and has {entry!r}")
    why = entry["meta"].get("why") if isinstance(entry["meta"], dict) else None
    if not isinstance(entry["type"], str) or not isinstance(entry["kwargs"], dict) or not why:
        raise ContractError(f"{where}: type must be text, kwargs a mapping, and meta.why must say why: {entry!r}")
    return Check(type=entry["type"], kwargs=entry["kwargs"], why=str(why))
