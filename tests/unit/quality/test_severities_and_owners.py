"""Severity and owner are data of a suite; what is not known or has nobody to answer for it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from landfall.errors import ContractError
from landfall.quality.suites import EXPECTATIONS, Check, border_owners, load_suite

CHECK = "- {{type: x, kwargs: {{column: {column}}}, meta: {{why: y{meta}}}}}\n"


def _suite(tmp_path: Path, text: str, owners: str | None = "rows: team_a\n") -> Path:
    folder = tmp_path / "rows"
    folder.mkdir()
    if owners is not None:
        (tmp_path / "owners.yaml").write_text(owners)
    path = folder / "orders.yaml"
    path.write_text(text)
    return path


def test_a_check_stops_and_is_its_borders_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = CHECK.format(column="a", meta="") + CHECK.format(column="b", meta=", severity: warn, owner: team_b")
    first, second = load_suite(_suite(tmp_path, text)).checks
    assert (first.severity, first.owner) == ("stop", "team_a")
    assert (second.severity, second.owner) == ("warn", "team_b")


@pytest.mark.parametrize("severity", ["halt", "STOP", "''", "null", "[stop]"])
def test_an_unknown_severity_is_refused(tmp_path: Path, severity: str) -> None:
    path = _suite(tmp_path, CHECK.format(column="a", meta=f", severity: {severity}"))
    with pytest.raises(ContractError, match=r"orders\.yaml, entry 1: meta\.severity is .* one of warn, hold, stop"):
        load_suite(path)


@pytest.mark.parametrize("owners", [None, "other: team_a\n"])
def test_a_check_without_an_owner_is_refused(tmp_path: Path, owners: str | None) -> None:
    with pytest.raises(ContractError, match="entry 1 has no owner"):
        load_suite(_suite(tmp_path, CHECK.format(column="a", meta=""), owners))


@pytest.mark.parametrize("owners", ["[rows]\n", "rows: ''\n", "rows: [a]\n"])
def test_owners_that_are_no_names_are_refused(tmp_path: Path, owners: str) -> None:
    with pytest.raises(ContractError, match=r"owners\.yaml must map"):
        load_suite(_suite(tmp_path, CHECK.format(column="a", meta=""), owners))


def test_a_misspelt_word_of_meta_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="meta has severty"):
        load_suite(_suite(tmp_path, CHECK.format(column="a", meta=", severty: warn")))


def test_two_checks_of_one_name_are_refused_for_an_override_could_not_tell_them_apart(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"x\(a\) more than once"):
        load_suite(_suite(tmp_path, CHECK.format(column="a", meta="") * 2))


def test_each_border_has_an_owner() -> None:
    borders = {path.name for path in EXPECTATIONS.iterdir() if path.is_dir()}
    assert set(border_owners(EXPECTATIONS)) == borders


def test_a_threshold_is_what_a_check_allows_and_not_what_it_looks_at() -> None:
    bounded = Check(type="t", kwargs={"column": "cents", "min_value": 0, "description": "d"}, why="w")
    assert bounded.threshold == '{"min_value": 0}'
    assert Check(type="t", kwargs={"column": "cents"}, why="w").threshold is None
