"""Whatever the OpenAPI document allows, and much it does not, is answered as it says (PLT-09).

``BANYAN_FUZZ_EXAMPLES`` sets how many requests each operation gets of each kind.
"""

import os

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.routes import Routes

OPERATIONS = sorted(route.name for route in Routes().all)
# Left out on purpose: `negative_data_rejection`, `positive_data_acceptance` and their kin. The API
# reads more than its document shows (both spellings of a name, numbers as strings, nulls) and
# refuses by rules that JSON Schema cannot say (a filter's grammar, an id nobody has, a stale etag).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
steady = settings(
    max_examples=int(os.environ.get("BANYAN_FUZZ_EXAMPLES", "10")),
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    # Schemas with patterns are slow to draw from; that says nothing about the product.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="session")
def authorization(banyan) -> dict[str, str]:
    return {"authorization": f"Bearer {banyan.token()}"}


@pytest.fixture(scope="session")
def contract(banyan):
    return schemathesis.openapi.from_url(f"{banyan.url}/openapi.json")


def test_the_running_document_has_the_operations_asked_here(banyan):
    paths = httpx.get(f"{banyan.url}/openapi.json").json()["paths"]
    found = [operation["operationId"] for verbs in paths.values() for operation in verbs.values()]
    assert sorted(found) == OPERATIONS


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_one_the_document_describes(contract, authorization, name, mode):
    operation = contract.find_operation_by_id(name)

    @steady
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call(headers=authorization, timeout=30)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.text
            refusal = answer.json()
            assert refusal["reason"]
            assert refusal["status"] == answer.status_code

    ask()
