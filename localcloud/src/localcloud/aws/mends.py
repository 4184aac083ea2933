"""Everything that is mended in ministack, in one list."""

from __future__ import annotations

from localcloud.aws import glue_catalog


def install() -> None:
    """Mend ministack; call once, after `environment.prepare` and before it serves."""
    glue_catalog.install()
