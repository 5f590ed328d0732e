"""Requests of workers, which may be newer than the service that takes them."""

from typing import Any

import msgspec
import pytest

from reyna.domain.costs.spending import CallReservation
from reyna.domain.processing.lease import Claim, LeaseBeat, WorkFailure, WorkOutcome, WorkProgress, WorkRefusal
from reyna.domain.processing.processor import NewProcessor
from reyna.domain.processing.prompts.prompt import NewPrompts
from reyna.domain.processing.step import NewStep

REGISTRATION: dict[str, Any] = {
    "id": "shout",
    "version": "1.0.0",
    "name": "Shout",
    "input_schemas": ["text-input-v1"],
    "output_schema": "edited-text-v1",
}
REQUESTS: list[tuple[type[msgspec.Struct], dict[str, Any]]] = [
    (NewProcessor, REGISTRATION),
    (Claim, {"worker": "w", "version": "1.0.0"}),
    (LeaseBeat, {}),
    (WorkProgress, {"progress": 0.5}),
    (WorkOutcome, {"outputs": []}),
    (WorkRefusal, {"reason": "too short"}),
    (WorkFailure, {"reason": "broken"}),
    (NewStep, {}),
    (NewPrompts, {"attempt_id": "a", "prompts": []}),
    (CallReservation, {"id": "a", "input_tokens": 1, "max_tokens": 1}),
]


@pytest.mark.parametrize(("kind", "required"), REQUESTS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_a_worker_does_not_set_is_not_sent_so_that_an_older_service_takes_the_request(
    kind: type[msgspec.Struct], required: dict[str, Any]
) -> None:
    request = msgspec.convert(required, kind)
    assert msgspec.json.decode(msgspec.json.encode(request)) == required
