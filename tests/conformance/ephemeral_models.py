"""dbt's ephemeral models in what dbt compiles, the part of the shared suite's check that no adapter's DDL is in.

The suite compares the statement that makes the view, which is PostgreSQL's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dbt.tests.adapter.ephemeral.test_ephemeral import BaseEphemeralMulti, BaseEphemeralNested
from dbt.tests.util import check_relations_equal, relation_from_name, run_dbt


def _compiled(model: str) -> str:
    """The query that dbt made of a model, without white space."""
    return re.sub(r"\s", "", Path(f"target/compiled/test/models/{model}.sql").read_text(encoding="utf-8"))


class EphemeralMulti(BaseEphemeralMulti):
    def test_ephemeral_multi(self, project: Any) -> None:
        run_dbt(["seed"])
        assert len(run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            check_relations_equal(project.adapter, ["seed", model])
        expected = f"""
            with __dbt__cte__base as (select * from {project.test_schema}.seed),
            __dbt__cte__base_copy as (select * from __dbt__cte__base)
            -- base_copy just pulls from base. Make sure the listed
            -- graph of CTEs all share the same dbt_cte__base cte
            select * from __dbt__cte__base where gender = 'Male'
            union all
            select * from __dbt__cte__base_copy where gender = 'Female'"""
        assert _compiled("double_dependent") == re.sub(r"\s", "", expected)


class EphemeralNested(BaseEphemeralNested):
    def test_ephemeral_nested(self, project: Any) -> None:
        assert len(run_dbt(["run"])) == 2
        source = relation_from_name(project.adapter, "source_table")
        expected = f"""
            with __dbt__cte__ephemeral_level_two as (select * from {source}),
            __dbt__cte__ephemeral as (select * from __dbt__cte__ephemeral_level_two)
            select * from __dbt__cte__ephemeral"""
        assert _compiled("root_view") == re.sub(r"\s", "", expected)
