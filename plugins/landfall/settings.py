"""One frozen view of the environment, read inside tasks and never while a DAG file is parsed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from landfall.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[2]
"""Where contracts/, expectations/ and dbt_project/ stand beside plugins/."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the pipeline must know of its surroundings; `landfall deploy` writes it as an environment file."""

    environment: str
    aws_region: str
    landing_bucket: str
    lake_bucket: str
    extracts_bucket: str
    ops_bucket: str
    ledger_table: str
    publication_table: str
    extract_table: str
    api_key_table: str
    destination_table: str
    athena_workgroup: str
    redshift_workgroup: str
    redshift_database: str
    redshift_secret_arn: str = field(repr=False)
    redshift_extract_secret_arn: str = field(repr=False)
    notification_topic_arn: str
    extract_topic_arn: str
    signing_key_id: str
    extract_role_arn: str
    unload_role_arn: str
    masking_secret_arn: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read every field from `LANDFALL_<FIELD>` (`AWS_REGION` for the region).

        Raises SettingsError that names all missing variables at once.
        """
        source = os.environ if environ is None else environ
        names = {f.name: "AWS_REGION" if f.name == "aws_region" else f"LANDFALL_{f.name.upper()}" for f in fields(cls)}
        missing = sorted(name for name in names.values() if not source.get(name))
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set: load the file that `landfall deploy --env-file` wrote "
                "(`make up` writes .local/env)"
            )
        return cls(**{field_name: source[name] for field_name, name in names.items()})

    def landed_queue(self, stream: str) -> str:
        """Name of the queue that announces the landed objects of `stream`."""
        return f"landfall-{self.environment}-landed-{stream}"
