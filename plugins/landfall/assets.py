"""The assets that connect the DAGs: nouns, one a border of the data's way.

An asset event's `extra` carries counts and the `cause` (the run id that set the chain off), never row data.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from landfall.ingest.watch import LandedTrigger
from landfall.notify.watch import WaitingTrigger

raw_drained = Asset(name="raw_drained", uri="landfall://raw/drained")
"""Every stream's landed objects were loaded by one nightly run."""

published_lake = Asset(name="published_lake", uri="landfall://published/lake")
"""A new version of the lake group passed its gate and became current."""

published_warehouse = Asset(name="published_warehouse", uri="landfall://published/warehouse")
"""A new version of the warehouse group passed its gate and became current."""

extract_files = Asset(name="extract_files", uri="landfall://extracts/files")
"""A customer's extract exists: its manifest is written."""


def landed_stream(stream: str, *, topic: str | None = None) -> Asset:
    """Return the asset `landed_<stream>`: objects of `stream` landed; its watcher reads their announcements."""
    watcher = AssetWatcher(name=f"landed_{stream}_queue", trigger=LandedTrigger(stream=stream, topic=topic))
    return Asset(name=f"landed_{stream}", uri=f"landfall://landed/{stream}", watchers=[watcher])


def raw_stream(stream: str) -> Asset:
    """Return the asset `raw_<stream>`: rows of `stream` were merged into its raw table."""
    return Asset(name=f"raw_{stream}", uri=f"landfall://raw/{stream}")


def waiting_messages(channel: str) -> Asset:
    """Return the asset `waiting_<channel>`: customers are to be told something by that channel."""
    watcher = AssetWatcher(name=f"waiting_{channel}_queue", trigger=WaitingTrigger(channel=channel))
    return Asset(name=f"waiting_{channel}", uri=f"landfall://waiting/{channel}", watchers=[watcher])
