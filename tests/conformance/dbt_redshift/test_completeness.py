"""That all of the suite is accounted for."""

from __future__ import annotations

from tests.conformance import dbt_redshift
from tests.conformance.dbt_redshift.expected_failures import LEFT_OUT
from tests.conformance.shared_suite import unlisted


def test_each_class_of_the_suite_is_run_or_left_out_for_a_reason() -> None:
    assert unlisted(dbt_redshift, LEFT_OUT) == (set(), set())
