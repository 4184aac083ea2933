"""What of the suite is known not to pass on dbt-redshift, and why; none of it is for want of the local cloud."""

from __future__ import annotations

EXPECTED_FAILURES: dict[str, str] = {}
"""Reasons by the beginning of a test's name, `Class` or `Class.test`."""
