"""The page docs/reference/mutations.md: what was changed in data and models, and who said so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from landfall.settings import REPOSITORY

RESULTS = REPOSITORY / "tests" / "mutations" / "results.json"
"""Written by `make mutations`."""

ORDINARY = RESULTS.with_name("ordinary.json")
"""Written by it too: what was said of ordinary days."""

_INTRODUCTION = """\
# Mutations

Each row is one change of what a producer sends on a day, or of a model's SQL, played by the product's own steps: load
(Athena), raw gate, `dbt build`, candidate gate (Great Expectations on the engine) on top of a published history of
ordinary days. `make mutations` on a running local cloud plays all of them anew and writes
`tests/mutations/results.json`, from which this page is made. Only what was played is listed: of a mutation of the
catalogue (`tests/mutations/`) that is not here nothing is known. Not in the catalogue are changes within the ordinary
scatter: a tenth of the rows dropped, one merchant of many that changes nothing on a day.

- **caught**: somebody said so who says nothing on the same day unchanged. *By* names the first who did, with the
  severity: `stop` and `hold` keep the data from readers (a human may let `hold` pass), `warn` only tells. A quarantine
  keeps the changed records themselves out.
- **harmless**: readers see the same rows as without the change, by hashes that a plain client of the engine reads.
- **silent**: readers would see other rows and nobody said anything. There must be none.
"""


def mutations_page(results: Path = RESULTS, ordinary: Path = ORDINARY) -> str:
    """Return the page in Markdown."""
    found: list[Mapping[str, Any]] = json.loads(results.read_text(encoding="utf-8"))
    days: list[Mapping[str, Any]] = json.loads(ordinary.read_text(encoding="utf-8"))
    return "\n".join([_INTRODUCTION, *_counts(found), "", *_alarms(days), "", *_rows(found), ""])


def _counts(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    verdicts = Counter(each["verdict"] for each in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    yield f"{len(found)} mutations: {told}; {verdicts['silent']} silent. Those caught, by who said it first:"
    yield ""
    yield "| by | stop | hold | warn |"
    yield "| --- | --- | --- | --- |"
    caught = Counter((each["by"], each["severity"]) for each in found if each["verdict"] == "caught")
    for by in sorted({by for by, _ in caught}):
        yield f"| {by} | {caught[by, 'stop'] or ''} | {caught[by, 'hold'] or ''} | {caught[by, 'warn'] or ''} |"


def _alarms(days: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what was said of ordinary days: nothing should be."""
    said = [(day["day"], each) for day in days for each in day["said"]]
    loud = Counter(each["severity"] for _, each in said)
    told = ", ".join(f"{loud[severity]} {severity}" for severity in ("stop", "hold", "warn"))
    yield f"False alarms on {len(days)} ordinary days, each loaded, built, audited and published in its turn: {told}."
    for day, each in said:
        yield f"- day {day}: {each['severity']} by {each['by']}: {each['words']}"


def _rows(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("| of | change | verdict | by | severity | what was said |", "| --- | --- | --- | --- | --- | --- |")
    for each in found:
        change = str(each["name"]).partition(": ")[2]
        cells = (each["of"], change, each["verdict"], each["by"], each["severity"], each["words"])
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
