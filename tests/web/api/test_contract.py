"""The document kept to the letter: made-up requests to every operation, good and bad ones, with schemathesis' checks.
`make fuzz` sends many more."""

from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from tests.support.program import Program
from tests.support.world import World

NOT_ASKED = "positive_data_acceptance"
"""A request of the right shape may still mean what cannot be: lines that do not add up, another list's cursor."""
EXAMPLES = 3
"""For each operation and kind of request, in every run of the tests."""


def examples() -> int:
    """As many as the profile says where that is more than usual: `make fuzz`."""
    told = settings.get_current_profile_name()
    return min(settings().max_examples, 200) if told == "fuzz" else EXAMPLES


@pytest.mark.fuzz
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_it_answers_as_the_document_says(world: World, acme: Program, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.client.application)
    checks = [check for check in CHECKS.get_all() if check.__name__ != NOT_ASKED]
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
