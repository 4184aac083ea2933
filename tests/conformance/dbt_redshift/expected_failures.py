"""What of the suite is known not to pass on dbt-redshift, and why; none of it is for want of the local cloud."""

from __future__ import annotations

_SEED_EMPTY = "dbt-core 1.11, the last that installs without a download of its own, has no `dbt seed --empty`"

EXPECTED_FAILURES: dict[str, str] = {
    "TestEmptySeedFlag.test_seed_empty_creates_table_with_zero_rows": _SEED_EMPTY,
    "TestEmptySeedFlag.test_seed_empty_preserves_column_types": _SEED_EMPTY,
    "TestEmptySeedFlag.test_build_empty_with_seed": _SEED_EMPTY,
    "TestCloneSameSourceAndTarget": "dbt-redshift clones by a view, here a view of the relation itself",
}
"""Reasons by the beginning of a test's name, `Class` or `Class.test`."""
