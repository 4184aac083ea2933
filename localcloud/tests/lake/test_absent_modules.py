"""A parameter of a statement costs no search for pandas."""

from __future__ import annotations

import importlib
import importlib.abc
import sys
from types import ModuleType
from typing import Any

import duckdb
import pytest
from localcloud.lake import absent_modules


class Searches(importlib.abc.MetaPathFinder):
    """Notes what Python looks for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> None:
        """Note the name and find nothing."""
        self.names.append(fullname)


def test_a_bound_parameter_looks_for_no_module_once_pandas_is_known_to_be_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searches = Searches()
    before = [finder for finder in sys.meta_path if not isinstance(finder, absent_modules._Absent)]
    monkeypatch.setattr(sys, "meta_path", [searches, *before])
    absent_modules.remember_that_pandas_is_absent()
    searches.names.clear()
    connection = duckdb.connect()
    for _ in range(3):
        connection.execute("select ?", ["text"]).fetchall()
    assert "pandas" not in searches.names
    with pytest.raises(ModuleNotFoundError, match="pandas"):
        importlib.import_module("pandas")


def test_pandas_is_not_among_the_loaded_modules_afterwards() -> None:
    absent_modules.remember_that_pandas_is_absent()
    assert "pandas" not in sys.modules
