"""What the clients' own suites share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dbt_common.behavior_flags import BehaviorFlagRendered


@pytest.fixture(scope="session", autouse=True)
def flags_without_a_walk() -> Iterator[None]:
    """Let dbt name the source of a behaviour flag, a word in a warning, without `inspect.stack()`.

    Each adapter that dbt makes walks the stack for each of its flags: within pytest 87 % of the suite's time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BehaviorFlagRendered, "_default_source", staticmethod(lambda: "dbt.adapters"))
        yield
