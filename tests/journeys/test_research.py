"""A question is looked into: in my library and in two sources, answered with citations, and kept for me alone."""

import json
from typing import Any, Final

from tests.journeys.conftest import Builder
from tests.journeys.people import Device, Person
from tests.journeys.research_sources import running_source
from tests.support.language_endpoint import Endpoint, whole

QUESTION: Final = "How do tides form in an enclosed sea?"
SENTENCE: Final = {
    "text": "A tide is amplified near twelve hours.",
    "sources": [1],
    "quote": "close to twelve hours",
}
ANSWER: Final = {
    "answered": True,
    "sentences": [SENTENCE, {"text": "It is magic.", "sources": [], "quote": ""}],
    "open_questions": [],
}


async def look_into(person: Person, device: Device, settings: dict[str, Any], model: str) -> list[dict[str, Any]]:
    """Returns the outputs of a run on a new question, once it has ended."""
    query = (await device.do("create_blob", schema_id="research-query-v1", data={"query": QUESTION}))["blob"]
    body = {"processor_id": "research-assistant", "blob_ids": [query["id"]], "settings": settings, "model": model}
    (run,) = (await person.post("/runs", body))["items"]
    ended = await device.receive_until(
        lambda frame: (
            frame["type"] in {"processor.completed", "processor.failed", "processor.refused"}
            and frame["run_id"] == run["id"]
        )
    )
    assert ended[-1]["type"] == "processor.completed", ended[-1]
    return [await person.get(f"/blobs/{id}") for id in ended[-1]["output_blob_ids"]]


async def test_a_question_is_answered_from_my_library_and_two_sources(build_application: Builder) -> None:
    endpoint = Endpoint()
    endpoint.answers = [whole(json.dumps(ANSWER))]
    await endpoint.start()
    async with running_source("wikipedia.json") as wikipedia, running_source("crossref.json") as crossref:
        application = build_application(
            REYNA_RESEARCH_SOURCES=f"wikipedia={wikipedia.url}, crossref={crossref.url}",
            REYNA_RESEARCH_CONTACT="ana@example.org",
        )
        await application.start()
        ana, bo = await application.person("ana"), await application.person("bo")
        device = await ana.device()
        new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": "sk-1234567890", "model": "m-1"}
        model = (await ana.post("/models", new))["id"]
        note = await device.write_note("My tide tables of the enclosed sea.")
        await (await bo.device()).write_note("The tides of bo.")

        result, *kept = await look_into(ana, device, {"sources": ["wikipedia", "crossref", "arxiv"]}, model)

        data = result["data"]
        assert (result["schema_id"], result["schema_version"], data["status"]) == (
            "research-results-v1",
            "1.1.0",
            "answered",
        )
        assert data["summary"] == "A tide is amplified near twelve hours [1]."
        assert data["dropped_sentences"] == [{"sentence": "It is magic.", "reason": "no_source"}]
        assert [source["blob_id"] for source in data["sources"] if source["origin"] == "library"] == [note["id"]]
        assert {one["field"] for one in data["not_available"]} == {"arxiv"}
        assert {blob["schema_id"] for blob in kept} == {"research-source-v1"}
        assert {blob["data"]["origin"] for blob in kept} == {"wikipedia", "crossref"}
        assert "mailto=ana%40example.org" in crossref.requests[0]
        assert await bo.all("/blobs", schema_id="research-source-v1") == []
        assert (len(wikipedia.requests), len(crossref.requests)) == (1, 1)
        await ana.leave()
        await bo.leave()
    await endpoint.stop()
