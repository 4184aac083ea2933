"""The result as tables."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from localcloud.demo.checks import Outcome, StreamResult
from localcloud.demo.model import REASONS


def show(outcome: Outcome, console: Console, login: Mapping[str, str]) -> None:
    """Print all that was found, problems last; `login` holds what opens the UI."""
    console.print()
    if outcome.streams:
        console.print(_streams(outcome.streams))
    if outcome.models:
        console.print(_models(outcome.models))
    for publication in outcome.publications:
        names = ", ".join(publication.datasets)
        console.print(f"Published: {publication.group} version {publication.version} ({names})", highlight=False)
        console.print(f"  gate {publication.gate}", highlight=False)
    if outcome.numbers:
        console.print(_numbers(outcome))
    if outcome.extracts:
        console.print(_extracts(outcome))
    stages = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome.stages)
    console.print(f"Times: {stages}; {sum(seconds for _, seconds in outcome.stages):.0f} s in all", highlight=False)
    for problem in outcome.problems:
        console.print(f"[red]not right:[/] {problem}", highlight=False)
    if not outcome.problems:
        console.print(
            "[green]All of it is right:[/] every record sent is accounted for; the extract holds just what was sent."
        )
    console.print(
        f"Airflow: {login['LANDFALL_AIRFLOW_URL']}  user {login['LANDFALL_AIRFLOW_USER']}  "
        f"password {login['LANDFALL_AIRFLOW_PASSWORD']}   (`make down` ends the stack)",
        highlight=False,
        soft_wrap=True,
    )


def _streams(streams: Mapping[str, StreamResult]) -> Table:
    """A column a stream, so that it fits a terminal of 80 columns."""
    table = Table(title="Records: the pipeline against the producer's account", title_justify="left")
    table.add_column("records")
    for stream in streams:
        table.add_column(stream, justify="right")
    results = streams.values()
    table.add_row("sent", *(f"{result.account.sent:,}" for result in results))
    table.add_row("  of them late", *(f"{result.account.late:,}" for result in results))
    table.add_row("  of them glued", *(f"{result.account.glued:,}" for result in results))
    table.add_row("landed", *(f"{result.landed:,}" for result in results))
    table.add_row("loaded", *(f"{result.loaded:,}" for result in results))
    table.add_row("duplicates", *(f"{result.ledger.duplicates:,}" for result in results))
    for reason in REASONS:
        counts = (result.quarantined.get(reason, 0) for result in results)
        table.add_row(f"quarantined: {reason}", *(f"{count:,}" for count in counts))
    table.add_row("equal to what was sent", *(_mark(not result.differences()) for result in results))
    return table


def _models(models: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(title="Models", title_justify="left")
    for name in ("engine", "model", "rows"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    for engine, rows in models.items():
        for number, (model, count) in enumerate(rows.items()):
            table.add_row("" if number else engine, model, f"{count:,}")
    return table


def _numbers(outcome: Outcome) -> Table:
    table = Table(title="The same number on both engines", title_justify="left")
    table.add_column("number")
    for place in outcome.numbers[0].values:
        table.add_column(place, justify="right")
    table.add_column("equal")
    for number in outcome.numbers:
        table.add_row(number.name, *(f"{value:,}" for value in number.values.values()), _mark(number.is_equal))
    return table


def _extracts(outcome: Outcome) -> Table:
    table = Table(title="Extract of one customer's orders", title_justify="left")
    for name in ("customer", "format", "rows", "expected", "bytes", "verified", "equal"):
        table.add_column(name, justify="right" if name in ("rows", "expected", "bytes") else "left")
    for extract in outcome.extracts:
        sizes = (f"{number:,}" for number in (extract.rows, extract.expected_rows, extract.file_bytes))
        table.add_row(extract.customer_id, extract.format, *sizes, "yes", _mark(not extract.differences))
    return table


def _mark(is_right: bool) -> str:
    return "[green]yes[/]" if is_right else "[red]NO[/]"
