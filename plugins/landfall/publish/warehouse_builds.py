"""The builds of a group's candidates that are not published yet, as dbt's macro `log_build` notes them in Redshift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa


@dataclass(frozen=True)
class Build:
    """One build of a dataset."""

    dataset: str
    build_id: str
    lake_version: int | None
    key_columns: str
    loaded_until: datetime | None
    overlap_hours: int
    is_anew: bool
    built_at: datetime

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that make a row of the dataset one."""
        return tuple(self.key_columns.split(","))


def build_log(group: str) -> sa.Table:
    """Return the table of the builds of `group`."""
    return sa.Table(
        "build_log",
        sa.MetaData(),
        sa.Column("dataset", sa.String(128)),
        sa.Column("build_id", sa.String(64)),
        sa.Column("lake_version", sa.BigInteger),
        sa.Column("key_columns", sa.String(1024)),
        sa.Column("loaded_until", sa.DateTime),
        sa.Column("overlap_hours", sa.Integer),
        sa.Column("is_anew", sa.Boolean),
        sa.Column("built_at", sa.DateTime),
        schema=group,
    )


def delete_builds(log: sa.Table, dataset: str, builds: Sequence[Build]) -> sa.Delete:
    """Forget those `builds` of a dataset: they are published."""
    ids = [build.build_id for build in builds]
    return sa.delete(log).where(log.c.dataset == dataset, log.c.build_id.in_(ids))
