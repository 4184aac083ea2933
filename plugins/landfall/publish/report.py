"""What a night did, in numbers: rows by stream, versions and gates."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from landfall.aws.notifications import notify
from landfall.errors import PublicationError
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.publication import Publication, PublicationStore
from landfall.settings import Settings

logger = logging.getLogger(__name__)

_COUNTS = ("records", "loaded", "duplicates")


def send_report(*, run_id: str, loads: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """Log the night's report, publish it to the notification topic and return its values.

    `loads` maps a stream to what its load returned (None: no load is known).
    Raises PublicationError if a group was never published.
    """
    settings = Settings.from_environment()
    store = PublicationStore(settings)
    publications = {group: store.current(group) for group in (LAKE, WAREHOUSE)}
    missing = [group for group, publication in publications.items() if publication is None]
    if missing:
        raise PublicationError(f"nothing was ever published of {', '.join(missing)}: run transform_{missing[0]}")
    values: dict[str, Any] = {
        "run_id": run_id,
        "streams": {stream: load_counts(load) for stream, load in sorted(loads.items())},
        "publications": {group: described(found) for group, found in publications.items() if found},
    }
    logger.info("%s", as_text(values))
    notify(
        topic_arn=settings.notification_topic_arn,
        subject=f"Landfall: {run_id} published lake {values['publications'][LAKE]['version']}",
        message=json.dumps(values, indent=2, sort_keys=True),
    )
    return values


def load_counts(load: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the counts of one stream's load: records = loaded + duplicates + quarantined."""
    found = load or {}
    counts = {name: int(found.get(name, 0)) for name in _COUNTS}
    return {**counts, "quarantined": sum(found.get("quarantined", {}).values())}


def described(publication: Publication) -> dict[str, Any]:
    """Return what the report says of a publication."""
    return {
        "version": publication.version,
        "datasets": sorted(publication.datasets),
        "gate": publication.gate,
        "built_from": publication.built_from,
        "published_at": publication.published_at.isoformat(),
    }


def as_text(values: Mapping[str, Any]) -> str:
    """Return the report as a table for the log."""
    columns = (*_COUNTS, "quarantined")
    lines = [f"{'stream':<16}" + "".join(f"{name:>12}" for name in columns)]
    for stream, counts in values["streams"].items():
        lines.append(f"{stream:<16}" + "".join(f"{counts[name]:>12}" for name in columns))
    for group, found in values["publications"].items():
        source = f", built from lake {found['built_from']}" if found["built_from"] else ""
        lines.append(
            f"{group}: version {found['version']}{source}, {len(found['datasets'])} datasets, gate {found['gate']}"
        )
    return "\n".join([f"report of {values['run_id']}", *lines])
