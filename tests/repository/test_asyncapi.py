"""The AsyncAPI document describes every event, and those that are sent fit it."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from reyna.domain.event import ENCODER, Event
from reyna.services.studio.events.filters import TYPES
from tests.repository.asyncapi import DOCUMENT, ONLY_TO_WEBHOOKS, asyncapi_document, document_as_generated
from tests.repository.test_reference import samples

NOT_STORED = {"processor.progress", "upgrade.progress"}


def test_the_document_is_as_it_is_generated() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document_as_generated(), "run make docs"


def test_every_type_has_a_channel_and_an_operation_and_no_other_has() -> None:
    document = asyncapi_document()
    assert document["channels"].keys() == TYPES - NOT_STORED - ONLY_TO_WEBHOOKS
    assert document["operations"].keys() == document["channels"].keys() == document["components"]["messages"].keys()


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi_document()
    found = list(references_in(document))
    assert len(found) > 100
    for reference in found:
        at: Any = document
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


def references_in(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [one for value in part.values() for one in references_in(value)]
    return [one for value in part for one in references_in(value)] if isinstance(part, list) else []


@pytest.mark.parametrize("event", samples(), ids=lambda event: event.type)
def test_an_event_that_is_sent_fits_its_message(event: Event) -> None:
    document = asyncapi_document()
    name = ".".join(event.type.split(".")[:2]) if not event.type.startswith("bucket.blob.") else event.type
    schema = document["components"]["messages"][name]["payload"] | {"components": document["components"]}
    sent = jsonschema_rs.validator_for(schema)
    assert [error.message for error in sent.iter_errors(msgspec.json.decode(ENCODER.encode(event)))] == []
