"""The written pages: no dead link, no setting or door that is not told of."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from landfall.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_setting_is_in_the_reference() -> None:
    text = (REPOSITORY / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    names = ["AWS_REGION" if f.name == "aws_region" else f"LANDFALL_{f.name.upper()}" for f in fields(Settings)]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_target_of_make_is_in_the_reference() -> None:
    text = (REPOSITORY / "docs" / "reference" / "doors.md").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert targets
    assert [target for target in targets if f"`make {target}`" not in text] == []
