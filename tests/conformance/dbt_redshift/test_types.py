"""The types of columns: what dbt makes of them, seeds that choose them, unit tests over them."""

from __future__ import annotations

import pytest
import yaml
from dbt.tests.adapter.column_types.test_column_types import BasePostgresColumnTypes
from dbt.tests.adapter.simple_seed.test_seed_type_override import BaseSimpleSeedColumnOverride
from dbt.tests.adapter.unit_testing.test_types import BaseUnitTestingTypes, BaseUnitTestingVarcharFixtureNoTruncation

_SEED_TYPES = {
    "seed_enabled": {"birthday": "date", "seed_id": "character varying(256)"},
    "seed_tricky": {
        "seed_id": "integer",
        "seed_id_str": "character varying(256)",
        "a_bool": "boolean",
        "looks_like_a_bool": "character varying(256)",
        "a_date": "timestamp without time zone",
        "looks_like_a_date": "character varying(256)",
        "relative": "character varying(9)",
        "weekday": "character varying(8)",
    },
}
"""What the suite's seeds become; a text without a length is 256 wide, a guessed one as wide as its longest value."""


class TestColumnTypes(BasePostgresColumnTypes):
    pass


class TestSeedColumnOverride(BaseSimpleSeedColumnOverride):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        seeds = [
            {
                "name": seed,
                "columns": [
                    {"name": column, "data_tests": [{"column_type": {"type": kind}}]} for column, kind in types.items()
                ],
            }
            for seed, types in _SEED_TYPES.items()
        ]
        return {"schema.yml": yaml.safe_dump({"version": 2, "seeds": seeds})}


class TestUnitTestingTypes(BaseUnitTestingTypes):
    @pytest.fixture
    def data_types(self) -> list[list[str]]:
        # Redshift has no arrays; the rest is what dbt-redshift's own tests choose.
        document = '{"bar": "baz", "balance": 7.77, "active": false}'
        return [
            ["1", "1"],
            ["1.0", "1.0"],
            ["'1'", "1"],
            ["'1'::numeric", "1"],
            ["'string'", "string"],
            ["true", "true"],
            ["DATE '2020-01-02'", "2020-01-02"],
            ["TIMESTAMP '2013-11-03 00:00:00-0'", "2013-11-03 00:00:00-0"],
            ["TIMESTAMPTZ '2013-11-03 00:00:00-0'", "2013-11-03 00:00:00-0"],
            [f"JSON_PARSE('{document}')", f"'{document}'"],
        ]


class TestUnitTestingVarcharFixtureNoTruncation(BaseUnitTestingVarcharFixtureNoTruncation):
    pass
