"""The types of columns: seeds that choose them, and contracts that hold models to them."""

from __future__ import annotations

import pytest
import yaml
from dbt.tests.adapter.constraints.test_constraints import (
    BaseIncrementalConstraintsColumnsEqual,
    BaseTableConstraintsColumnsEqual,
    BaseViewConstraintsColumnsEqual,
)
from dbt.tests.adapter.simple_seed.test_seed_type_override import BaseSimpleSeedColumnOverride
from dbt.tests.adapter.unit_testing.test_types import BaseUnitTestingVarcharFixtureNoTruncation

from tests.conformance.dbt_athena.table_types import OnceOnly

_SEED_TYPES = {
    "seed_enabled": {"birthday": "timestamp", "seed_id": "varchar"},
    "seed_tricky": {
        "seed_id": "int",
        "seed_id_str": "varchar",
        "a_bool": "boolean",
        "looks_like_a_bool": "varchar",
        "a_date": "timestamp",
        "looks_like_a_date": "varchar",
        "relative": "varchar",
        "weekday": "varchar",
    },
}
"""What the suite's seeds become."""


class TestSeedColumnOverride(BaseSimpleSeedColumnOverride):
    @staticmethod
    def seed_enabled_types() -> dict[str, str]:
        return {"seed_id": "string", "birthday": "timestamp"}

    @staticmethod
    def seed_tricky_types() -> dict[str, str]:
        return dict.fromkeys(["seed_id_str", "looks_like_a_bool", "looks_like_a_date"], "string")

    @pytest.fixture(scope="class")
    def models(self, table_type: str) -> dict[str, str]:
        told = {"timestamp": "timestamp(6)"} if table_type == "iceberg" else {}
        seeds = [
            {
                "name": seed,
                "columns": [
                    {"name": column, "data_tests": [{"column_type": {"type": told.get(kind, kind)}}]}
                    for column, kind in types.items()
                ],
            }
            for seed, types in _SEED_TYPES.items()
        ]
        return {"schema.yml": yaml.safe_dump({"version": 2, "seeds": seeds})}


class TestUnitTestingVarcharFixtureNoTruncation(OnceOnly, BaseUnitTestingVarcharFixtureNoTruncation):
    pass


class OfAthena(OnceOnly):
    """The names of types in a contract and those that Athena's answers have."""

    @pytest.fixture
    def string_type(self) -> str:
        return "VARCHAR"

    @pytest.fixture
    def int_type(self) -> str:
        return "INTEGER"

    @pytest.fixture
    def schema_int_type(self) -> str:
        return "int"

    @pytest.fixture
    def data_types(self, schema_int_type: str, int_type: str, string_type: str) -> list[list[str]]:
        return [
            ["1", schema_int_type, int_type],
            ["'1'", "string", string_type],
            ["true", "boolean", "BOOLEAN"],
            ["cast('2013-11-03' as date)", "date", "DATE"],
            ["cast(timestamp '2013-11-03 00:00:00' as timestamp(3))", "timestamp", "TIMESTAMP"],
            ["array['a', 'b', 'c']", "array<string>", "ARRAY"],
            ["cast('1' as decimal(10, 2))", "decimal(10,2)", "DECIMAL"],
        ]


class TestTableConstraintsColumnsEqual(OfAthena, BaseTableConstraintsColumnsEqual):
    pass


class TestViewConstraintsColumnsEqual(OfAthena, BaseViewConstraintsColumnsEqual):
    pass


class TestIncrementalConstraintsColumnsEqual(OfAthena, BaseIncrementalConstraintsColumnsEqual):
    pass
