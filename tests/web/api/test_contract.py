"""The document kept to the letter: made-up requests to every operation, good and bad ones, with schemathesis' checks.
`make fuzz` sends many more."""

import json
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from tests.support.program import Program
from tests.support.world import World

SHAPE = "invalid"
"""The code of a refusal because of its shape. One of the right shape may still mean what cannot be: lines that do not
add up, another list's cursor; each such refusal has a code of its own."""
EXAMPLES = 3
"""For each operation and kind of request, in every run of the tests."""


def examples() -> int:
    """As many as the profile says where that is more than usual: `make fuzz`."""
    told = settings.get_current_profile_name()
    return min(settings().max_examples, 200) if told == "fuzz" else EXAMPLES


@schemathesis.check
def what_the_document_allows_is_taken(_: Any, response: Response, case: Case[Any]) -> None:
    """But for whole numbers written as 10.0: the document cannot refuse them, and Till does, since where amounts are
    counted in cents one that was meant in dollars would otherwise pass whenever it is round."""
    told_right = case.meta is not None and case.meta.generation.mode.is_positive
    if told_right and response.status_code == 422 and not _has_fractions(case.body):
        assert response.json()["code"] != SHAPE, response.json()["errors"]


def _has_fractions(body: Any) -> bool:
    found: list[str] = []
    json.loads(json.dumps(body, default=str), parse_float=found.append)
    return bool(found)


@pytest.mark.fuzz
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_it_answers_as_the_document_says(world: World, acme: Program, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.client.application)
    schema.config.checks.positive_data_acceptance.expected_statuses.append("422")
    checks = CHECKS.get_all()
    assert len(checks) > 10
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), "an operation of the document cannot be read"
        operation = found.ok()

        @hypothesis.seed(1)
        @settings(max_examples=examples(), database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            world.clock.advance(timedelta(seconds=1))
            case.call_and_validate(headers={"Authorization": f"Bearer {acme.key}"}, checks=checks)

        check()
