"""What the API asks of Airflow: start a run of the extract's DAG, look at it, stop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from landfall.extract.records.record import RunState


class Runs(Protocol):
    """Runs of EXTRACT_DAG. Every method may raise RunsUnavailableError: then nothing is known of what it did."""

    def start(self, run_id: str, conf: Mapping[str, Any], *, who: str) -> None:
        """Start the run `run_id`, or find that it is there already."""
        ...

    def state(self, run_id: str) -> RunState:
        """Return how a run stands."""
        ...

    def again(self, run_id: str) -> None:
        """Begin a run that has ended anew, from its first task on; RunsUnavailableError if there is none."""
        ...

    def stop(self, run_id: str) -> None:
        """End a run and its tasks, whose `on_kill` ends the engine's statement; one that is not there is no error."""
        ...


def runs_of(request: Request) -> Runs:
    """Return the runs that the surrounding server gave to the application."""
    found: Runs = request.app.state.doors.runs
    return found


RunsDep = Annotated[Runs, Depends(runs_of)]
