"""The whole of Landfall by one command: events in at Kinesis, a verified customer file out."""

from __future__ import annotations

import re
import sqlite3

import pytest

from .conftest import VOLUME, DemoStack, localcloud

pytestmark = pytest.mark.timeout(900)

STREAMS = ("orders", "payments", "page_views", "customers")


def row(output: str, first_cell: str) -> list[str]:
    """Return the cells of the first table row that starts with `first_cell`."""
    found = re.search(rf"^[│┃|] {re.escape(first_cell)} .*$", output, re.MULTILINE)
    assert found, f"no row {first_cell!r} in:\n{output}"
    return [cell.strip() for cell in re.split(r"[│┃|]", found.group())[1:-1]]


def test_the_demo_finds_everything_right(demo_stack: DemoStack) -> None:
    assert demo_stack.exit_status == 0, demo_stack.output
    assert "All of it is right" in demo_stack.output


def test_the_table_shows_what_the_journal_says_was_sent(demo_stack: DemoStack) -> None:
    with sqlite3.connect(demo_stack.state / "demo" / "account.sqlite3") as journal:
        sent = dict(journal.execute("select stream, count(*) from piece group by stream"))
        good = dict(
            journal.execute("select stream, count(distinct key) from piece where reason is null group by stream")
        )
    for stream in STREAMS:
        _, shown_sent, landed, loaded, duplicates, *reasons, _late, _glued, equal = row(demo_stack.output, stream)
        numbers = [int(cell.replace(",", "")) for cell in (shown_sent, landed, loaded, duplicates, *reasons)]
        assert numbers[0] == numbers[1] == sent[stream]
        assert numbers[2] == good[stream]
        assert numbers[0] == sum(numbers[2:])
        assert equal == "yes"


def test_a_second_demo_sends_a_second_wave_and_is_right_again(demo_stack: DemoStack) -> None:
    again = localcloud("demo", *VOLUME, state=demo_stack.state)
    assert again.returncode == 0, again.stdout + again.stderr
    first, second = (int(row(text, "orders")[1].replace(",", "")) for text in (demo_stack.output, again.stdout))
    assert second > first
