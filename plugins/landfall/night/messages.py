"""What people are told of a night: a subject, text in Markdown, and the same as Slack's blocks. Pure values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

HEADER_LIMIT: Final = 150
SECTION_LIMIT: Final = 3000
BLOCKS_LIMIT: Final = 50
"""Most characters of a header and of a section, most blocks of a message: https://docs.slack.dev/reference/block-kit."""

_CUT: Final = "…"


@dataclass(frozen=True)
class Message:
    """One message: a plain `subject`, `lines` above everything, and `tables` as (title, rows of equal length).

    The first row of a table is its heading. Values are text that nobody has escaped yet.
    """

    subject: str
    lines: Sequence[str] = ()
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]] = field(default=())


def as_text(message: Message) -> str:
    """Return the message for the log: its tables in columns, numbers to the right."""
    parts = [message.subject, *message.lines]
    for title, rows in message.tables:
        parts += ["", title, *_columns(rows)]
    return "\n".join(parts)


def as_markdown(message: Message) -> str:
    """Return the message as Markdown with GitHub's tables."""
    parts = [f"# {message.subject}", "", *message.lines]
    for title, rows in message.tables:
        heading, *rest = rows
        ruler = [" --- " if index == 0 else " ---: " for index in range(len(heading))]
        parts += ["", f"## {title}", "", _pipes(heading), f"|{'|'.join(ruler)}|", *map(_pipes, rest)]
    return "\n".join([*parts, ""])


def as_slack(message: Message) -> dict[str, Any]:
    """Return the body of a POST to a Slack webhook: blocks, and the text that notifications show.

    What is longer than Slack takes is cut, and says so.
    """
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(message.subject, HEADER_LIMIT)}}
    ]
    if message.lines:
        blocks.append(_section(_escaped("\n".join(message.lines))))
    for title, rows in message.tables:
        # A table is set in code, whose fence must not be cut off.
        table = _cut(_escaped("\n".join(_columns(rows)).replace("```", "'''")), SECTION_LIMIT - len(title) - 50)
        blocks.append(_section(f"*{_escaped(title)}*\n```{table}```"))
    return {"text": _escaped(message.subject), "blocks": blocks[:BLOCKS_LIMIT]}


def held_message(group: str, *, run_id: str, detail: str) -> Message:
    """Return what is told when a gate holds the candidate of `group` that the night `run_id` waits for."""
    return Message(
        f"Landfall: {run_id} is held, a human must decide on {group}",
        [f"The candidate of {group} is held by {detail}", "Readers stay on the last version; the night waits."],
    )


def late_message(*, run_id: str, state: str, deadline: str) -> Message:
    """Return what is told when the night `run_id` has not ended by its deadline (UTC)."""
    return Message(
        f"Landfall: {run_id} is late",
        [
            f"nightly_batch {run_id} is {state} and should have ended by {deadline}.",
            "Readers stay on the last version until it publishes. Its page in Airflow shows the task it is at.",
        ],
    )


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, SECTION_LIMIT)}}


def _escaped(text: str) -> str:
    """Return text with the three characters that Slack gives a meaning to as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _pipes(row: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
