"""What a trace of real workers says of a statement: whether another worker had cleared its table before its end."""

from __future__ import annotations

from tests.chaos.real.trace import statements_of

LINES = [
    "",
    "run-1 (11): statement made",
    "run-1 (12): before athena drop",
    "run-1 (12): statement cleared",
    "run-1 (11): end of statement made",
    "run-1 (11): statement dropped",
    "run-1 (11): end of statement dropped",
    "last (13): statement cleared-late",
    "last (13): statement unseen",
    "run-1 (11): SIGKILL after athena days",
    "",
]


def test_a_statement_was_overtaken_by_another_process_alone_and_only_before_its_end() -> None:
    made, cleared, dropped, late, unseen = statements_of(LINES)
    assert made.was_overtaken(cleared)
    assert not made.was_overtaken(late)
    assert not made.was_overtaken(dropped)
    assert not made.was_overtaken(None)
    assert unseen.was_overtaken(None)
