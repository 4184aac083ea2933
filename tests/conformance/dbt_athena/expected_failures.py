"""What of the suite fails on dbt-athena or is not for it, and why; none of it is for want of the local cloud."""

from __future__ import annotations

_DEFAULT_DDL = "dbt-athena has no macro of that name, and dbt's default writes PostgreSQL's DDL"
_SEED_EMPTY = "dbt-core 1.11, the last that installs without a download of its own, has no `dbt seed --empty`"

EXPECTED_FAILURES: dict[str, str] = {
    "TestCloneSameSourceAndTarget": "dbt-athena clones by a view, here a view of the relation itself",
    "TestCurrentTimestamps": "dbt-athena has no `current_timestamp_backcompat`, and dbt's default casts by '::'",
    "TestDate": "dbt-athena has no `date`, and dbt's default writes PostgreSQL's to_date",
    "TestEmptySeedFlag.test_build_empty_with_seed": _SEED_EMPTY,
    "TestEmptySeedFlag.test_seed_empty_creates_table_with_zero_rows": _SEED_EMPTY,
    "TestEmptySeedFlag.test_seed_empty_preserves_column_types": _SEED_EMPTY,
    "TestMetadataWithEmptyFlag.test_run[alter_column_type]": _DEFAULT_DDL,
    "TestMetadataWithEmptyFlag.test_run[alter_relation_add_remove_columns]": _DEFAULT_DDL,
    "TestMetadataWithEmptyFlag.test_run[truncate_relation]": _DEFAULT_DDL,
    "TestPersistDocs": "dbt-athena joins the lines of a description and cuts a column's after 255 characters",
    "TestPersistDocsQuotedDescriptionNotAppliedOnMismatch": "Glue keeps the names of columns in lower case",
    "TestUnitTestingVarcharFixtureNoTruncation": "dbt-athena casts a unit test's text to its column's varchar(5)",
}
"""Reasons by the beginning of a test's name, `Class`, `Class.test` or `Class.test[table type]`."""

_NO_CONSTRAINTS = "dbt-athena declares that it supports no kind of constraint"
_NO_VIEWS = "Athena has no materialized views"
_NO_HEADER = "dbt-athena writes no `sql_header`: Athena takes one statement at a time"

LEFT_OUT: dict[str, str] = {
    "basic.test_get_catalog_for_single_relation": "an adapter's option, which dbt-athena does not have",
    "constraints.test_constraints.BaseConstraintsRollback": _NO_CONSTRAINTS,
    "constraints.test_constraints.BaseContractSqlHeader": _NO_HEADER,
    "constraints.test_constraints.BaseIncrementalConstraintsRollback": _NO_CONSTRAINTS,
    "constraints.test_constraints.BaseIncrementalConstraintsRuntimeDdlEnforcement": _NO_CONSTRAINTS,
    "constraints.test_constraints.BaseIncrementalContractSqlHeader": _NO_HEADER,
    "constraints.test_constraints.BaseIncrementalForeignKeyConstraint": _NO_CONSTRAINTS,
    "constraints.test_constraints.BaseModelConstraintsRuntimeEnforcement": _NO_CONSTRAINTS,
    "constraints.test_constraints.BaseTableContractSqlHeader": _NO_HEADER,
    "column_types": "dbt-athena knows Athena's int and decimal(p, s) by none of the names that the suite asks for",
    "dbt_clone.test_dbt_clone.BaseClonePossible": "for adapters that can copy a table; the other kind is run",
    "functions": "Athena has no functions in SQL, and dbt-athena makes none",
    "grants": "Athena has no GRANT, and dbt-athena's configuration has none but Lake Formation's",
    "materialized_view": _NO_VIEWS,
    "python_model": "dbt-athena runs Python on Athena's Spark, which is not part of the SQL service",
    "simple_copy.test_simple_copy.SimpleCopyBase.test_simple_copy_with_materialized_views": _NO_VIEWS,
    "simple_snapshot.new_record_dbt_valid_to_current": "dbt-athena's snapshots take no `dbt_valid_to_current`",
    "simple_snapshot.test_various_configs": "dbt-athena's snapshots take no `snapshot_meta_column_names`",
    "utils.test_current_timestamp.BaseCurrentTimestampAware": "one of two by the adapter's type; the other is run",
    "utils.test_escape_single_quotes.BaseEscapeSingleQuotesBackslash": "one of two by dialect; the other is run",
}
"""Reasons by module or class of the suite: features that the adapter has not, and the other of two alternatives."""
