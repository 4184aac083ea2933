"""What the DAG roll_back_publication does, as plain values between tasks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from landfall.errors import RequestError
from landfall.lineage import hooks as lineage
from landfall.publish.groups import LAKE
from landfall.publish.publication import Attempt, PublicationStore
from landfall.publish.rollback import release, roll_back
from landfall.publish.walls import raise_walls_of
from landfall.settings import Settings

logger = logging.getLogger(__name__)


def roll_back_lake(params: Mapping[str, Any], *, who: str, run_id: str) -> dict[str, Any]:
    """Roll the lake back as the form says, by `who`; return what the asset event carries.

    Raises RequestError or PublicationError, with readers where they were.
    """
    if params["to_version"] is None:
        raise RequestError("to_version: empty; say which version to go back to (`landfall published --history`)")
    settings = Settings.from_environment()
    store = PublicationStore(settings)
    moved = roll_back(
        store,
        LAKE,
        to_version=int(params["to_version"]),
        who=who,
        why=params["why"],
        held=bool(params["hold"]),
        cause_run_id=run_id,
    )
    store.record_attempt(Attempt(group=LAKE, cause=run_id, state="published", version=moved.version, run_id=run_id))
    lineage.published(moved)
    raise_walls_of(moved, settings=settings)
    logger.info("group %s is at version %d, rolled back to %s", LAKE, moved.version, params["to_version"])
    return {
        "group": LAKE,
        "version": moved.version,
        "causes": [run_id],
        "rolled_back_to": int(params["to_version"]),
        "who": who,
        "why": params["why"],
    }


def release_lake(params: Mapping[str, Any], *, who: str) -> dict[str, Any]:
    """Let publications of the lake pass again; raises RequestError or PublicationError as `release` does."""
    released = release(PublicationStore(Settings.from_environment()), LAKE, who=who, why=params["why"])
    return {"group": LAKE, "version": released.version, "who": who, "why": params["why"]}
