"""What workers note of what they do and of what befalls them, a line each: `<owner> (<process>): <note>`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGUN, ENDED = "statement", "end of statement"
"""What a worker notes of a statement, before its id."""


@dataclass(frozen=True)
class Statement:
    """A statement that a worker began at a line of the trace, and at which line it saw its end, None if it did not."""

    query_id: str
    worker: str
    begun: int
    ended: int | None

    def was_overtaken(self, other: Statement | None) -> bool:
        """Whether its end was not seen, or `other`, of another worker, had begun before that."""
        if self.ended is None:
            return True
        return other is not None and other.worker != self.worker and other.begun < self.ended


def statements_of(lines: Sequence[str]) -> list[Statement]:
    """Return the statements of a trace in the order in which they began."""
    notes = [(at, *line.partition(": ")[::2]) for at, line in enumerate(lines)]
    ended = {note.removeprefix(f"{ENDED} "): at for at, _, note in reversed(notes) if note.startswith(f"{ENDED} ")}
    begun = [(at, worker, note.removeprefix(f"{BEGUN} ")) for at, worker, note in notes if note.startswith(f"{BEGUN} ")]
    return [Statement(query_id, worker, at, ended.get(query_id)) for at, worker, query_id in begun]
