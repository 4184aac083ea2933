"""The page docs/reference/gates.md: every gate, its checks by suite, and what a broken one does."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from landfall.publish.groups import LAKE, TABLES, WAREHOUSE
from landfall.quality.kinds import KINDS
from landfall.quality.suites import EXPECTATIONS, Check, load_suite

_INTRODUCTION = """\
# Gates

A gate runs suites of expectations on the engine and decides whether data may pass a border. Each check has a severity
and an owner, in `meta` of its suite file below `expectations/`; a border's owner is in `expectations/owners.yaml`.

| severity | when the check is broken |
| --- | --- |
| `warn` | it is told in the log, the run's page and the publication record; the data passes |
| `hold` | publication waits for a human (`approve_held`); where nobody is asked, at raw and outgoing files, it stops |
| `stop` | `GateFailed`: nothing is published, readers stay where they are; nobody can override it |

A human approves what holds under *Required Actions*, with a reason and for at most 720 hours, or rejects it. Without an
answer for 12 hours the run fails. An override is valid for those checks of that gate until its time.

## Tables

`ops.gate_results` has one row a check of a run, once however often a task is tried: `gate`, `dag_id`, `run_id`,
`engine`, `relation`, `expectation`, `severity`, `owner`, `passed` (what Great Expectations found), `rows`,
`unexpected_rows` and `observed`, which is a number or a share (the three are null unless something was counted, which
happens when a check of the gate is broken), `threshold` (what the suite allows, as JSON), `overridden_by`, `checked_at`
(UTC). It lies in the ops bucket below `gates/results/`, partitioned by the day `dt` (`2026-11-20`): name the days.

`ops.gate_overrides` has one row a check that a human let pass: `gate`, `relation`, `expectation`, `decided_by`,
`reason`, `decided_at`, `valid_until` (UTC), `dag_id`, `run_id`. It lies below `gates/overrides/`.

    SELECT run_id, relation, expectation, owner FROM ops.gate_results WHERE dt >= '2026-11-20' AND NOT passed
    ORDER BY checked_at DESC

What the gates catch is tried out by changing data and models on purpose: [mutations](mutations.md).
"""

_BORDERS: Mapping[str, str] = {
    "raw": "`raw_<stream>` on athena, in `ingest_<stream>`: the rows that no audit has seen yet",
    "marts": "`lake_candidate` on athena, in `transform_lake`",
    "extracts": "`lake_candidate` on athena; `outgoing_<product>` on duckdb, over the very files of an extract",
    "warehouse": "`warehouse_candidate` on redshift, in `transform_warehouse`",
}


def gates_page(folder: Path = EXPECTATIONS) -> str:
    """Return the page in Markdown; ContractError if a suite cannot be read."""
    return "\n".join([_INTRODUCTION, *_kind_lines(), *_border_lines(folder)])


def _kind_lines() -> Iterator[str]:
    yield from ("## Kinds of check of Landfall's own", "", "| kind | arguments | passes when |", "| --- | --- | --- |")
    for name, kind in KINDS.items():
        arguments = [parameter for parameter in inspect.signature(kind).parameters if parameter != "place"]
        words = (inspect.getdoc(kind) or "").partition("\n")[0]
        yield _row(f"`{name}`", ", ".join(f"`{argument}`" for argument in arguments), words)
    yield ""


def _border_lines(folder: Path) -> Iterator[str]:
    for border, gate in _BORDERS.items():
        yield from (f"## Border `{border}`", "", f"Gate: {gate}.", "")
        for path in sorted((folder / border).glob("*.yaml")):
            yield from _suite_lines(border, path)


def _suite_lines(border: str, path: Path) -> Iterator[str]:
    yield from (f"### `{border}/{path.stem}`", "")
    published = [group for group in (LAKE, WAREHOUSE) if f"{border}.{path.stem}" in TABLES[group]]
    if published:
        yield from (f"Published in group `{published[0]}`.", "")
    yield from _check_lines(load_suite(path).checks)
    yield ""


def _check_lines(checks: Sequence[Check]) -> Iterator[str]:
    yield from ("| check | severity | owner | why |", "| --- | --- | --- | --- |")
    for check in checks:
        yield _row(f"`{check.name}`", check.severity, check.owner, check.why)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
