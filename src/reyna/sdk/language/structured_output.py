"""Structured output: answers of a language model that are JSON and fit a schema."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import Refusal
from reyna.domain.json.data import encode_json
from reyna.domain.processing.prompts.prompt import PromptPart
from reyna.domain.text.clusters import truncate
from reyna.ports.language import Language, Prompt, UnusableAnswer
from reyna.validation.validator import Validator

MAX_REPORTED_ERRORS: Final = 10
MAX_REPEATED_CHARACTERS: Final = 20_000  # of an answer that the model is to mend


async def complete_json(language: Language, prompt: Prompt, schema: Mapping[str, Any]) -> Any:
    """Returns the model's answer as a JSON value that fits the schema.

    The endpoint holds the model to the schema where it can; the answer is validated in any case. One that does not fit
    is sent back once with its errors. Raises UnusableAnswer, which keeps the last answer, and what the model raises.
    """
    validator = await asyncio.to_thread(Validator, dict(schema))
    asked = _prompt_with_schema(prompt, dict(schema))
    answer = (await language.complete(asked)).text
    value, problem = _read(answer, validator)
    if problem is None:
        return value
    answer = (await language.complete(_repair_prompt(asked, answer, problem))).text
    value, problem = _read(answer, validator)
    if problem is not None:
        raise UnusableAnswer.of(problem, answer)
    return value


def extract_json(answer: str) -> Any:
    """Returns the JSON value of an answer, which may stand between words or in a code block. Raises DecodeError."""
    text = answer.strip()
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        begins = [place for mark in "{[" if (place := text.find(mark)) >= 0]
        if not begins:
            raise
        begin = min(begins)
        end = text.rfind("}" if text[begin] == "{" else "]")
        return msgspec.json.decode(text[begin : end + 1])


def _read(answer: str, validator: Validator) -> tuple[Any, str | None]:
    """Returns the value, and what is wrong with it."""
    try:
        value = extract_json(answer)
        encode_json(value)  # refuses what is nested too deeply
        errors = validator.errors(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return None, f"It is not JSON: {error}."
    except Refusal as refusal:
        return None, refusal.detail
    if not errors:
        return value, None
    return None, "; ".join(f"{error.path or '/'}: {error.message}" for error in errors[:MAX_REPORTED_ERRORS])


def _prompt_with_schema(prompt: Prompt, schema: dict[str, Any]) -> Prompt:
    text = msgspec.json.encode(schema).decode()
    rule = f"Answer with one JSON value and nothing else. It must fit this JSON Schema:\n{text}"
    before = prompt.sent_parts if prompt.system.strip() else tuple(p for p in prompt.sent_parts if p.role == "user")
    added = PromptPart(
        text=f"\n\n{rule}" if prompt.system.strip() else rule,
        source="schema of the answer",
        reason="The answer has to fit this schema.",
        role="system",
    )
    system = f"{prompt.system}\n\n{rule}".strip()
    return replace(prompt, system=system, schema=schema, parts=(*before, added))


def _repair_prompt(prompt: Prompt, answer: str, problem: str) -> Prompt:
    last = truncate(answer, MAX_REPEATED_CHARACTERS)
    reason = "The last answer did not fit its schema."
    added = (
        PromptPart(text=f"\n\nYour answer was:\n{last}", source="last answer", reason=reason),
        PromptPart(
            text=f"\n\nIt is wrong: {problem}\n\nAnswer again, with this mended.", source="instruction", reason=reason
        ),
    )
    user = prompt.user + "".join(part.text for part in added)
    return replace(prompt, user=user, temperature=0.0, parts=(*prompt.sent_parts, *added))
