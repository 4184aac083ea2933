"""Which kinds of table a class of the suite is for."""

from __future__ import annotations

import pytest


class IcebergOnly:
    """For what changes rows in place: Athena merges into, updates and deletes from Iceberg tables only."""

    @pytest.fixture(scope="class")
    def table_type(self) -> str:
        return "iceberg"


class OnceOnly:
    """For what does not depend on the kind of table."""

    @pytest.fixture(scope="class")
    def table_type(self) -> str:
        return "hive"
