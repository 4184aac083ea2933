"""Any request gets an answer that the OpenAPI document has: no 5xx, no status, type or shape it does not name."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from landfall.api.app import Doors, create_app
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.unit.api.world import STAFF, MemoryRuns, World, staff_door

APP = create_app(Doors(runs=MemoryRuns(), staff=staff_door))
API = schemathesis.openapi.from_asgi("/v1/openapi.json", APP)
DOCUMENT = APP.openapi()
_OF_THE_SCHEMA_ALONE = [positive_data_acceptance, negative_data_rejection]
"""A schema cannot say all that makes a request right, and what a query has too much is let pass."""

OPERATIONS = [(method, path) for path, found in DOCUMENT["paths"].items() for method in found]


def test_every_operation_names_the_answers_of_a_refused_caller() -> None:
    assert len(OPERATIONS) == 12
    for method, path in OPERATIONS:
        if path != "/v1/health":
            assert {"401", "403", "429"} <= set(DOCUMENT["paths"][path][method]["responses"]), (method, path)


@pytest.mark.parametrize("is_staff", [False, True])
@API.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_request_gets_a_documented_answer(case: schemathesis.Case, is_staff: bool, world: World) -> None:
    if world.store.read("run-1") is None:
        world.done("run-1")
    headers = STAFF if is_staff else world.key()
    case.call_and_validate(headers=headers, excluded_checks=_OF_THE_SCHEMA_ALONE)
