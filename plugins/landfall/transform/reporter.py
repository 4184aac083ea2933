"""Tells the tasks of the models what dbt does, while it does it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from landfall.transform.models import Model
from landfall.transform.outcomes import CONTENTS_KEY, Contents, Outcome, Status, page_key, page_to_json, status_of

logger = logging.getLogger(__name__)

MOST_LINES: Final = 200
"""Lines of dbt's log kept a model; the whole log is among the artifacts."""

_TOLD_LEVELS: Final = frozenset({"info", "warn", "error"})


class Reporter:
    """Hands every model's outcome on as soon as the model and all of its tests have ended.

    `push` writes a value under a key where the models' tasks read it. dbt calls `on_event` from several threads.
    """

    def __init__(self, models: Sequence[Model], *, attempt: str, push: Callable[[str, Any], None]) -> None:
        self._models = models
        self._attempt = attempt
        self._push = push
        self._model_of = {node: model for model in models for node in (model.unique_id, *model.tests)}
        self._statuses: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {model.unique_id: [] for model in models}
        self._waiting: dict[str, Outcome] = {}
        self._told: set[str] = set()
        self._pages = 0
        self._lock = threading.RLock()

    def begin(self) -> None:
        """Tell that a try has begun."""
        self._tell_contents(is_complete=False)

    def on_event(self, event: Any) -> None:
        """Take an event of dbt's (EventMsg); nothing is raised, since it would end what dbt is at."""
        node = getattr(getattr(event.data, "node_info", None), "unique_id", "")
        model = self._model_of.get(node)
        if model is None:
            return
        with self._lock:
            if event.info.level in _TOLD_LEVELS and event.info.msg.strip():
                self._lines[model.unique_id].append(event.info.msg.strip())
            if event.info.name == "NodeFinished":
                self._statuses[node] = event.data.run_result.status
                self._judge(model)
                self._try_to_tell()

    def finish(self, results: Iterable[Any]) -> list[str]:
        """Tell what is left, from dbt's results at its end.

        Returns what failed although no model's task shows it: hooks, and tests that read no model.
        """
        strays = []
        with self._lock:
            for result in results:
                node = result.node.unique_id
                self._statuses.setdefault(node, str(result.status))
                if node not in self._model_of and status_of([str(result.status)]) is Status.FAILED:
                    strays.append(f"{node}: {result.message}")
            for model in self._models:
                self._judge(model)
            self._tell(is_complete=True)
        return strays

    def _judge(self, model: Model) -> None:
        words = [self._statuses.get(node) for node in (model.unique_id, *model.tests)]
        known = [word for word in words if word is not None]
        if model.unique_id in self._told or len(known) < len(words):
            return
        lines = tuple(self._lines[model.unique_id][-MOST_LINES:])
        self._waiting[model.unique_id] = Outcome(status=status_of(known), lines=lines)
        self._told.add(model.unique_id)

    def _try_to_tell(self) -> None:
        if not self._waiting:
            return
        try:
            self._tell(is_complete=False)
        except Exception:
            logger.warning("what dbt has built could not be told; the next page will", exc_info=True)

    def _tell(self, *, is_complete: bool) -> None:
        self._push(page_key(self._pages), page_to_json(self._waiting))
        self._pages += 1
        self._waiting.clear()
        self._tell_contents(is_complete=is_complete)

    def _tell_contents(self, *, is_complete: bool) -> None:
        contents = Contents(attempt=self._attempt, pages=self._pages, is_complete=is_complete)
        self._push(CONTENTS_KEY, contents.to_json())
