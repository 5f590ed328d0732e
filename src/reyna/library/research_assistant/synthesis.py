"""Synthesis: the answer that a connected model writes from the sources, or the reason for which there is none."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from reyna.domain.errors import Fault, NotSignedIn, Refusal
from reyna.library.demonstration import DEMONSTRATION_REASON
from reyna.library.research_assistant.answer_check import CheckedAnswer, check_answer
from reyna.library.research_assistant.prompt import ANSWER_SCHEMA, SOURCES_BY_DEPTH, sent_text, synthesis_prompt
from reyna.library.research_assistant.question import Question
from reyna.library.research_assistant.settings import ResearchSettings
from reyna.library.research_assistant.sources.found_source import FoundSource
from reyna.sdk import Context

Status = Literal["answered", "sources_only", "not_found"]


class Synthesis(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is None unless a model answered; `reason` says in words why there is none."""

    status: Status
    answer: CheckedAnswer | None = None
    reason: str | None = None


async def synthesise(
    question: Question, sources: Sequence[FoundSource], context: Context[ResearchSettings]
) -> Synthesis:
    """Returns the checked answer from the first of these sources. A model that is not there, or fails, leaves the
    sources as they are; Raises NotSignedIn alone."""
    if not sources:
        return Synthesis(status="not_found")
    if context.language.demonstration:
        return Synthesis(status="sources_only", reason=DEMONSTRATION_REASON)
    read = sources[: SOURCES_BY_DEPTH[question.depth]]
    try:
        given = await context.step("synthesis", lambda: _ask(question, read, context))
    except NotSignedIn:
        raise
    except (Fault, Refusal) as error:
        return Synthesis(status="sources_only", reason=error.detail)
    shown = [msgspec.structs.replace(source, text=sent_text(source, question)) for source in read]
    answer = check_answer(given, shown)
    return Synthesis(status="answered" if answer.sentences else "not_found", answer=answer)


async def _ask(
    question: Question, sources: Sequence[FoundSource], context: Context[ResearchSettings]
) -> dict[str, Any]:
    answer: dict[str, Any] = await context.language.complete_json(synthesis_prompt(question, sources), ANSWER_SCHEMA)
    return answer
