"""What of the suite fails on dbt-redshift or is not for it, and why; one reason alone is the local cloud's own."""

from __future__ import annotations

_SEED_EMPTY = "dbt-core 1.11, the last that installs without a download of its own, has no `dbt seed --empty`"
_TIME_ZONE = "a session's time zone, which the local cloud refuses for all but UTC"

EXPECTED_FAILURES: dict[str, str] = {
    "TestEmptySeedFlag.test_seed_empty_creates_table_with_zero_rows": _SEED_EMPTY,
    "TestEmptySeedFlag.test_seed_empty_preserves_column_types": _SEED_EMPTY,
    "TestEmptySeedFlag.test_build_empty_with_seed": _SEED_EMPTY,
    "TestTableContractSqlHeader": _TIME_ZONE,
    "TestIncrementalContractSqlHeader": _TIME_ZONE,
    "TestPersistDocsQuotedDescriptionNotAppliedOnMismatch": "Redshift keeps the names of columns in lower case",
    "TestCloneSameSourceAndTarget": "dbt-redshift clones by a view, here a view of the relation itself",
}
"""Reasons by the beginning of a test's name, `Class` or `Class.test`."""

_NO_PYTHON = "dbt-redshift has functions in SQL only, and no models in Python"

LEFT_OUT: dict[str, str] = {
    "basic.test_get_catalog_for_single_relation": "an adapter's option, which dbt-redshift does not have",
    "dbt_clone.test_dbt_clone.BaseClonePossible": "for adapters that can copy a table; the other kind is run",
    "functions.test_js_udfs": _NO_PYTHON,
    "functions.test_udafs": "dbt-redshift has no aggregate functions",
    "functions.test_udfs.PythonUDFDefaultArgSupport": _NO_PYTHON,
    "functions.test_udfs.PythonUDFEntryPointRequired": _NO_PYTHON,
    "functions.test_udfs.PythonUDFRuntimeVersionRequired": _NO_PYTHON,
    "functions.test_udfs.PythonUDFSupported": _NO_PYTHON,
    "functions.test_udfs.PythonUDFVolatilitySupport": _NO_PYTHON,
    "functions.test_udfs.PythonUDFWithPackagesSupported": _NO_PYTHON,
    "python_model": _NO_PYTHON,
    "utils.test_current_timestamp.BaseCurrentTimestampAware": "one of two by the adapter's type; the other is run",
    "utils.test_escape_single_quotes.BaseEscapeSingleQuotesBackslash": "one of two by dialect; the other is run",
}
"""Reasons by module or class of the suite: features that the adapter has not, and the other of two alternatives."""
