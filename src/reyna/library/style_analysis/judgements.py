"""Judgements of the connected language model on tone and pacing; never required, and marked as the model's."""

from typing import Any, Final

from reyna.domain.errors import Fault, NotSignedIn, Refusal
from reyna.domain.text.clusters import shorten, truncate
from reyna.library.demonstration import DEMONSTRATION_REASON
from reyna.library.style_analysis.request import AnalysisRequest
from reyna.library.style_analysis.settings import StyleSettings
from reyna.sdk import Context, Prompt

MAX_EXCERPT_CHARACTERS: Final = 3_000
EXCERPTS: Final = 3  # beginning, middle and end
MAX_JUDGEMENT_CHARACTERS: Final = 1_000
MAX_ANSWER_TOKENS: Final = 400
SUBJECTS: Final = ("tone", "pacing")
ANSWER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {subject: {"type": "string"} for subject in SUBJECTS},
    "required": list(SUBJECTS),
    "additionalProperties": False,
}


async def add_judgements(
    data: dict[str, Any], request: AnalysisRequest, context: Context[StyleSettings]
) -> dict[str, Any]:
    """Returns the analysis with `judgements`, or with the reason for which there are none."""
    if not context.settings.judgements:
        return data
    if context.language.demonstration:
        return _without(data, DEMONSTRATION_REASON)
    text = "\n\n".join(source.text for source in request.texts)
    try:
        found = await context.step("judgements", lambda: _ask(text, context))
    except NotSignedIn:
        raise
    except (Fault, Refusal) as error:
        return _without(data, error.detail)
    return data | {"judgements": found}


async def _ask(text: str, context: Context[StyleSettings]) -> list[dict[str, str]]:
    answer = await context.language.complete_json(_prompt(text), ANSWER_SCHEMA)
    model = context.cost.model or ""
    return [
        {
            "about": subject,
            "text": shorten(answer[subject], MAX_JUDGEMENT_CHARACTERS),
            "made_by": "model",
            "model": shorten(model, 200),
        }
        for subject in SUBJECTS
    ]


def _prompt(text: str) -> Prompt:
    excerpts = "\n\n[…]\n\n".join(excerpts_of(text))
    return Prompt(
        system="You are an editor. You judge prose in plain, specific sentences, in the language of the text.",
        user="Judge the tone and the pacing of this text in at most three sentences each. Say what the reader "
        f"feels, and where it changes. Do not retell it.\n\n{excerpts}",
        max_tokens=MAX_ANSWER_TOKENS,
        temperature=0.2,
    )


def excerpts_of(text: str) -> list[str]:
    """Returns the whole text, or of a long one its beginning, its middle and its end."""
    if len(text) <= EXCERPTS * MAX_EXCERPT_CHARACTERS:
        return [text]
    last = len(text) - MAX_EXCERPT_CHARACTERS
    starts = (last * part // (EXCERPTS - 1) for part in range(EXCERPTS))
    return [truncate(text[start:], MAX_EXCERPT_CHARACTERS) for start in starts]


def _without(data: dict[str, Any], reason: str) -> dict[str, Any]:
    missing = {"field": "judgements", "reason": shorten(reason, MAX_JUDGEMENT_CHARACTERS)}
    return data | {"not_available": [*data["not_available"], missing]}
