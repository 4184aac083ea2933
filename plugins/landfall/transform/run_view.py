"""What the triggerer sees of a run of dbt: read once for all the models' tasks that wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.comms import GetTaskStates

from landfall.transform.following import Look
from landfall.transform.outcomes import CONTENTS_KEY, Contents, Outcome, page_from_json, page_key

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.5
"""How often a run is looked at: the triggerer itself hands on what its triggers found once a second."""

LONGEST_BLIND_SECONDS: Final = 120.0
"""How long Airflow may fail to answer before the tasks that wait fail with its error."""


class RunView:
    """The task that runs dbt, its pages of outcomes, and the states of the run's tasks.

    Pages are of one try of that task. Between two tries the pages of the earlier one still lie there: they are known
    by their attempt, and left out.
    """

    _shared: ClassVar[WeakValueDictionary[tuple[str, str, str], RunView]] = WeakValueDictionary()

    def __init__(self, dag_id: str, run_id: str, build_task_id: str) -> None:
        self._dag_id = dag_id
        self._run_id = run_id
        self._build_task_id = build_task_id
        self._attempt: str | None = None
        self._outdated: str | None = None
        self._pages_read = 0
        self._outcomes: dict[str, Outcome] = {}
        self._look: Look | None = None
        self._tried_at = float("-inf")
        self._seen_at = time.monotonic()
        self._lock = asyncio.Lock()

    @classmethod
    def of(cls, dag_id: str, run_id: str, build_task_id: str) -> RunView:
        """Return the view of a run that all who follow it in this process share."""
        key = (dag_id, run_id, build_task_id)
        view = cls._shared.get(key)
        if view is None:
            view = cls._shared[key] = cls(*key)
        return view

    async def look(self) -> Look:
        """Return what there is to see, POLL_SECONDS old where Airflow answers.

        Raises what Airflow raised once it has not answered for LONGEST_BLIND_SECONDS.
        """
        async with self._lock:
            if time.monotonic() - self._tried_at >= POLL_SECONDS:
                self._tried_at = time.monotonic()
                await self._try_to_refresh()
            while self._look is None:
                await asyncio.sleep(POLL_SECONDS)
                await self._try_to_refresh()
            return self._look

    async def _try_to_refresh(self) -> None:
        try:
            self._look = await self._refreshed()
            self._seen_at = time.monotonic()
        except Exception:
            if time.monotonic() - self._seen_at > LONGEST_BLIND_SECONDS:
                raise
            logger.warning("the run cannot be looked at; tried again", exc_info=True)

    async def _refreshed(self) -> Look:
        states = await self._states()
        look = Look(build_state=states.get(self._build_task_id), states=states)
        is_between_tries = not look.is_built and look.build_state != "running"
        if is_between_tries and self._look is not None and look.build_state == self._look.build_state:
            return look
        contents = await self._contents()
        if is_between_tries:
            self._outdated = contents.attempt if contents else self._outdated
        if contents is None or contents.attempt == self._outdated:
            return look
        if contents.is_complete and not look.is_built:
            # A try that has just begun has not cleared what the one before it left: wait until the task has ended.
            return look
        await self._read_on(contents)
        return Look(build_state=look.build_state, states=states, outcomes=dict(self._outcomes))

    async def _read_on(self, contents: Contents) -> None:
        if contents.attempt != self._attempt:
            self._attempt, self._pages_read = contents.attempt, 0
            self._outcomes.clear()
        while self._pages_read < contents.pages:
            self._outcomes.update(page_from_json(await self._xcom(page_key(self._pages_read)) or {}))
            self._pages_read += 1

    async def _contents(self) -> Contents | None:
        value = await self._xcom(CONTENTS_KEY)
        return None if value is None else Contents.from_json(value)

    async def _xcom(self, key: str) -> Any:
        return await BaseXCom.aget_one(key=key, dag_id=self._dag_id, task_id=self._build_task_id, run_id=self._run_id)

    async def _states(self) -> dict[str, Any]:
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS  # set when the triggerer is up

        answer = await SUPERVISOR_COMMS.asend(GetTaskStates(dag_id=self._dag_id, run_ids=[self._run_id]))
        return dict(answer.task_states.get(self._run_id, {}))
