"""The whole of Landfall by one command: events in at Kinesis, a verified customer file out."""

from __future__ import annotations

import re
import sqlite3
import subprocess

import pytest

from .conftest import DemoStack

pytestmark = pytest.mark.timeout(1800)

STREAMS = ("orders", "payments", "page_views", "customers")
REASONS = ("not_json", "missing_field", "wrong_type", "not_allowed")


def counts(output: str, measure: str) -> dict[str, int]:
    """Return the numbers by stream in the row `measure` of the printed result."""
    found = re.search(rf"^│ +{re.escape(measure)} .*$", output, re.MULTILINE)
    assert found, f"no row {measure!r} in:\n{output}"
    cells = [cell.strip().replace(",", "") for cell in found.group().split("│")[2:-1]]
    return dict(zip(STREAMS, map(int, cells), strict=True))


def test_the_demo_finds_everything_right(demo_stack: DemoStack) -> None:
    assert demo_stack.exit_status == 0, demo_stack.output
    assert "All of it is right" in demo_stack.output


def test_the_table_shows_what_the_journal_says_was_sent(demo_stack: DemoStack) -> None:
    with sqlite3.connect(demo_stack.state / "demo" / "account.sqlite3") as journal:
        sent = dict(journal.execute("select stream, count(*) from piece group by stream"))
        good = dict(
            journal.execute("select stream, count(distinct key) from piece where reason is null group by stream")
        )
    output = demo_stack.output
    assert counts(output, "sent") == counts(output, "landed") == sent
    assert counts(output, "loaded") == good
    measures = ("loaded", "duplicates", *(f"quarantined: {reason}" for reason in REASONS))
    for stream in STREAMS:
        assert sum(counts(output, measure)[stream] for measure in measures) == sent[stream]


def test_a_second_demo_sends_a_second_wave_and_is_right_again(
    demo_stack: DemoStack, second_wave: subprocess.CompletedProcess[str]
) -> None:
    again = second_wave
    assert again.returncode == 0, again.stdout + again.stderr
    first, second = (counts(text, "sent") for text in (demo_stack.output, again.stdout))
    assert all(second[stream] > first[stream] for stream in STREAMS)
