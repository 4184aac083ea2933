"""Let the ledger say what the tables say after live and rebuilt have changed places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landfall.aws.dynamodb import Change
from landfall.ingest.claims import State
from landfall.ingest.ledger import Items

_OUTCOME = (
    "records",
    "loaded",
    "duplicates",
    "quarantined",
    "batch_id",
    "contract_version",
    "raw_snapshot_id",
    "closed_at",
)
_TOKEN = "swap"  # noqa: S105 - a counter
_PASSES = 20


class LedgerExchange:
    """Exchanges what two ledgers hold of the objects that both loaded, and reopens what only the live one knows."""

    def __init__(self, *, items: Items, live: str, other: str, token: int) -> None:
        """`token` counts the swaps of the stream: an item that bears it is done."""
        self._items = items
        self._live = live
        self._other = other
        self._token = token

    def run(self) -> dict[str, int]:
        """Go over all objects until none is left to change; return how many were exchanged and reopened.

        An object that only the live ledger has as loaded, or as being loaded, may have its rows in the table that is no
        longer read. It becomes landed, with an attempt more, so that a load under way cannot close it: the next load
        merges it again, and adds what is missing.
        """
        counts = {"exchanged": 0, "reopened": 0}
        for _ in range(_PASSES):
            loaded = {
                item["object_key"]: item for item in self._all(self._other) if item["state"] == State.LOADED.value
            }
            refused = 0
            for item in self._all(self._live):
                changes, kind = self._changes(item, loaded.get(item["object_key"]))
                if changes and self._items.change_all(changes):
                    counts[kind] += 1
                else:
                    refused += bool(changes)
            if not refused:
                break
        return counts

    def _all(self, stream: str) -> list[dict[str, Any]]:
        return [item for item in self._items.select(equals=("stream", stream)) if "state" in item]

    def _changes(self, live: Mapping[str, Any], other: Mapping[str, Any] | None) -> tuple[list[Change], str]:
        if other is None:
            is_settled = live["state"] not in (State.LOADED.value, State.CLAIMED.value)
            return ([], "") if is_settled else ([self._reopening(live)], "reopened")
        # One that is being loaded needs nothing: its records are in both tables, and its load counts them there.
        if live["state"] not in (State.LOADED.value, State.FAILED.value) or live.get(_TOKEN) == self._token:
            return [], ""
        taken = {name: other.get(name) for name in _OUTCOME} | self._loaded(self._live) | {_TOKEN: self._token}
        given = {name: live.get(name) for name in _OUTCOME} | self._state(self._other, State(live["state"]))
        return [self._change(live, taken), self._change(other, given)], "exchanged"

    def _reopening(self, live: Mapping[str, Any]) -> Change:
        values = self._state(self._live, State.LANDED)
        return self._change(live, values | {"attempt": int(live["attempt"]) + 1, "owner": None, "lease_until": None})

    def _loaded(self, stream: str) -> dict[str, str]:
        return self._state(stream, State.LOADED)

    def _state(self, stream: str, state: State) -> dict[str, str]:
        return {"state": state.value, "stream_state": f"{stream}#{state.value}"}

    def _change(self, item: Mapping[str, Any], values: Mapping[str, Any]) -> Change:
        return Change(
            key={"stream": item["stream"], "object_key": item["object_key"]},
            values=values,
            expected={"state": item["state"], "attempt": item["attempt"]},
        )
