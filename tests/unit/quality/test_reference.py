"""The generated page of gates names every suite, check, severity and owner."""

from __future__ import annotations

from landfall.quality.kinds import KINDS
from landfall.quality.reference import gates_page
from landfall.quality.suites import EXPECTATIONS, load_suite


def test_every_check_is_on_the_page_with_its_severity_and_owner() -> None:
    page = gates_page()
    for path in EXPECTATIONS.glob("*/*.yaml"):
        assert f"### `{path.parent.name}/{path.stem}`" in page
        for check in load_suite(path).checks:
            assert f"| `{check.name}` | {check.severity} | {check.owner} |" in page


def test_every_kind_is_explained() -> None:
    page = gates_page()
    assert all(f"| `{kind}` |" in page for kind in KINDS)
