"""Runs of the research assistant on recorded answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.library.research_assistant import build_research_assistant
from reyna.library.research_assistant.results import SOURCE_SCHEMA
from reyna.ports.language import Completion, Language, Prompt
from reyna.sdk import Blob, Bucket
from reyna.sdk.testing import MemorySteps, RunResult, a_blob, run
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.research_assistant.sources.recorded import RecordedNetwork

QUESTION: Final = "How do tides form in an enclosed sea?"
SCHEMAS: Final = {f"{new.name}-v1": new.json_schema for new in system_schemas() if new.name.startswith("research-")}


class AnsweringModel:
    """A language model that answers a question with `sentences`, and is asked with `prompts`."""

    def __init__(self, *sentences: tuple[str, list[int], str], answered: bool = True) -> None:
        given = [{"text": text, "sources": numbers, "quote": quote} for text, numbers, quote in sentences]
        answer = {"answered": answered, "sentences": given, "open_questions": ["How high are they?"]}
        self.answer = msgspec.json.encode(answer).decode()
        self.prompts: list[Prompt] = []

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        return Completion(text=self.answer, model="large", input_tokens=10, output_tokens=5)

    def stream(self, prompt: Prompt) -> Any:
        raise NotImplementedError


def note(text: str, **fields: Any) -> Blob:
    return a_blob("text-input-v1", {"content": text}, **fields)


def query(text: str = QUESTION, **data: Any) -> Blob:
    return a_blob("research-query-v1", {"query": text, **data})


def bucket(id: str, **fields: Any) -> Bucket:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "id": id,
        "user_id": "user-ana",
        "name": id,
        "type": "book",
        "created_at": now,
        "updated_at": now,
    }
    return Bucket(**(given | {"rank": "m"} | fields))


async def run_research(
    blob: Blob,
    *,
    network: RecordedNetwork | None = None,
    language: Language | None = None,
    blobs: Sequence[Blob] = (),
    buckets: Sequence[Bucket] = (),
    steps: MemorySteps | None = None,
    demonstration: bool = False,
    **settings: Any,
) -> RunResult:
    """Returns the outputs, each of which fits its schema."""
    processor = build_research_assistant((network or RecordedNetwork()).sources)
    result = await run(
        processor,
        blob,
        language=language,
        settings=settings,
        blobs=blobs,
        buckets=buckets,
        steps=steps,
        demonstration=demonstration,
    )
    for output in result.outputs:
        assert Validator(SCHEMAS[output.schema_id or processor.makes]).errors(output.data) == ()
    return result


async def research(question: str, *, blobs: Sequence[Blob] = (), **other: Any) -> dict[str, Any]:
    """Returns the data of the result."""
    result = await run_research(query(question), blobs=blobs, **other)
    data: dict[str, Any] = result.outputs[0].data
    return data


def kept_sources(result: RunResult) -> list[dict[str, Any]]:
    return [output.data for output in result.outputs if output.schema_id == SOURCE_SCHEMA]
