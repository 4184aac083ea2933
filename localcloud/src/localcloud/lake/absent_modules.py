"""Spare DuckDB its search for pandas, which the local cloud does not install.

To know pandas' null values, DuckDB's Python client imports pandas for every parameter of a statement. One that is not
there is looked for in all folders of the path each time: a quarter of what a small statement takes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from types import ModuleType


class _Absent(MetaPathFinder):
    """Says of pandas that it is not there, before anybody looks for it."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raise ModuleNotFoundError for pandas; leave all others to those who look for modules."""
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def remember_that_pandas_is_absent() -> None:
    """Let `import pandas` fail at once from now on if it would fail anyway."""
    known = any(isinstance(finder, _Absent) for finder in sys.meta_path)
    if not known and "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.meta_path.insert(0, _Absent())
