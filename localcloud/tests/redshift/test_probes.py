"""Expressions and the value and type that their source gives: PostgreSQL's recorded answers and AWS's documentation.

A probe's answer is right, or the engine refuses the expression as something it does not support; never a third thing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pgclient import PgClient, PgError

PROBES = Path(__file__).parent / "probes"
POSTGRES: dict[str, Any] = json.loads((PROBES / "postgres.json").read_text())
DOCUMENTED: list[dict[str, Any]] = json.loads((PROBES / "documented.json").read_text())

TYPE_OIDS = {
    "boolean": 16, "bigint": 20, "smallint": 21, "integer": 23, "real": 700, "double precision": 701, "unknown": 705,
    "character": 1042, "character varying": 1043, "text": 1043, "date": 1082, "time without time zone": 1083,
    "timestamp without time zone": 1114, "timestamp with time zone": 1184, "interval": 1186, "numeric": 1700,
    "super": 4000, "binary varying": 6551,
}  # fmt: skip
REFUSED = ("0A000", "42883")
TRUTH_AS_TEXT = {"true": "t", "false": "f"}


def _answer(pg: PgClient, sql: str) -> tuple[str | None, str] | None:
    """The first row's value and the type with its precision; None when the engine refuses."""
    try:
        answer = pg.query(sql)
    except PgError as error:
        if error.sqlstate in REFUSED and "not supported by the local cloud" in str(error):
            return None
        raise
    oid, modifier = answer.columns[0][1], answer.modifiers[0]
    kind = next(name for name, number in TYPE_OIDS.items() if number == oid)
    if kind == "numeric" and modifier >= 0:
        kind = f"numeric({(modifier - 4) >> 16},{(modifier - 4) & 0xFFFF})"
    return answer.rows[0][0], kind


@pytest.mark.parametrize("probe", POSTGRES["probes"], ids=[probe["expression"] for probe in POSTGRES["probes"]])
def test_an_expression_has_postgresqls_answer(pg: PgClient, probe: dict[str, str]) -> None:
    sql = f"select {probe['expression']} as v"
    if "error" in probe:
        with pytest.raises(PgError):
            pg.query(sql)
        return
    answer = _answer(pg, sql)
    if answer is None:
        return
    value = probe["value"]
    if probe["type"] == "boolean" and value is not None:
        value = TRUTH_AS_TEXT[value]
    assert (answer[0], TYPE_OIDS[answer[1].split("(")[0]]) == (value, TYPE_OIDS[probe["type"]])


@pytest.mark.parametrize("probe", DOCUMENTED, ids=[probe["sql"] for probe in DOCUMENTED])
def test_an_expression_has_the_documented_answer(pg: PgClient, probe: dict[str, Any]) -> None:
    sql = probe["sql"] if probe["sql"].lower().startswith(("select", "with")) else f"select {probe['sql']} as v"
    if "error" in probe:
        with pytest.raises(PgError) as caught:
            pg.query(sql)
        assert caught.value.sqlstate == probe["error"]
        return
    answer = _answer(pg, sql)
    assert answer is None or answer == (probe["value"], probe["type"])


def test_there_are_enough_probes_and_each_has_a_source() -> None:
    assert len(POSTGRES["probes"]) + len(DOCUMENTED) >= 400
    assert POSTGRES["server"].startswith("PostgreSQL ")
    assert all(probe["source"] for probe in DOCUMENTED)


def test_most_probes_are_answered_and_not_refused(pg: PgClient) -> None:
    refused = [p["expression"] for p in POSTGRES["probes"] if "error" not in p and not _answers(pg, p["expression"])]
    refused += [p["sql"] for p in DOCUMENTED if "error" not in p and not _answers(pg, p["sql"])]
    assert len(refused) <= 30, refused


def _answers(pg: PgClient, expression: str) -> bool:
    query = expression if expression.lower().startswith(("select", "with")) else f"select {expression}"
    return _answer(pg, query) is not None
