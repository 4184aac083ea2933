"""What dbt's shared suite offers to adapters, to hold an adapter's list of what it leaves out against."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import dbt.tests.adapter as suite


def unlisted(package: ModuleType, left_out: dict[str, str]) -> tuple[set[str], set[str]]:
    """What of the suite the test modules of `package` neither run nor leave out, and what is left out needlessly.

    `left_out` names modules of the suite, classes in them or their tests, each relative to the suite's package.
    """
    cases = list(_test_cases(package))
    run = {base for case in cases for base in case.__mro__}
    missing = {_name(case) for case in _offered() if case not in run} | set(_struck_out(cases))
    covered = {name for name in missing if any(name == entry or name.startswith(f"{entry}.") for entry in left_out)}
    needed = {entry for entry in left_out if any(name == entry or name.startswith(f"{entry}.") for name in missing)}
    return missing - covered, set(left_out) - needed


def _offered() -> Iterator[type]:
    """Each class of the suite that an adapter may inherit tests from; those called Test... are PostgreSQL's own."""
    (root,) = suite.__path__
    for path in sorted(Path(root).rglob("*.py")):
        module = importlib.import_module(".".join([suite.__name__, *path.relative_to(root).with_suffix("").parts]))
        for name, case in inspect.getmembers(module, inspect.isclass):
            if case.__module__ == module.__name__ and not name.startswith("Test") and _has_tests(case):
                yield case


def _has_tests(case: type) -> bool:
    return any(name.startswith("test") and callable(getattr(case, name)) for name in dir(case))


def _test_cases(package: ModuleType) -> Iterator[type]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if ".test_" in found.name:
            module = importlib.import_module(found.name)
            yield from (case for name, case in inspect.getmembers(module, inspect.isclass) if name.startswith("Test"))


def _struck_out(cases: Iterable[type]) -> Iterator[str]:
    """The inherited tests that a class sets to None, which pytest does not collect."""
    for case in cases:
        for name in (name for name, test in vars(case).items() if name.startswith("test") and test is None):
            yield f"{_name(next(base for base in case.__mro__[1:] if hasattr(base, name)))}.{name}"


def _name(case: type) -> str:
    return f"{case.__module__.removeprefix(f'{suite.__name__}.')}.{case.__name__}"
