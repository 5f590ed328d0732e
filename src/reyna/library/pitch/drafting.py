"""Drafting one part of a pitch: its prompt, its length, and the one more try when that was missed."""

from typing import Any, Final

import msgspec

from reyna.domain.text.words import word_count
from reyna.library.pitch.answers import clean_text, list_schema, unique_items
from reyna.library.pitch.settings import PartName
from reyna.library.pitch.variants import ListPart, Part, TextPart, Variant
from reyna.sdk import Context, Prompt, PromptPart, UnusableAnswer

TOKENS_PER_WORD: Final = 2.0  # generous: English has 1.3, German 2
TOKENS_PER_ITEM: Final = 120
EXTRA_TOKENS: Final = 64
TEMPERATURE: Final = 0.6
MAX_LENGTH_RATIO: Final = 3.0  # beyond which a text is no version of the part


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The subject of all parts: the variant, the title, the material, and the blob that it is from."""

    variant: Variant
    title: str
    material: str
    summarised: bool
    blob_id: str | None = None
    language: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A drafted part. `value` is None where the model's answer was of no use; `remark` says what is wrong with it."""

    part: PartName
    value: Any
    model: str = ""
    remark: str | None = None


async def draft_part(name: PartName, subject: Subject, context: Context[Any]) -> Draft:
    """Returns the part as the model drafts it. Raises what the model raises."""
    part = subject.variant.parts[name]
    if isinstance(part, TextPart):
        return await _draft_text(name, part, subject, context)
    return await _draft_list(name, part, subject, context)


async def _draft_text(name: PartName, part: TextPart, subject: Subject, context: Context[Any]) -> Draft:
    text, model = await _ask(part_prompt(part, subject), context)
    if remark := _length_remark(text, part):
        again, model = await _ask(part_prompt(part, subject, before=text), context)
        if _distance(again, part) <= _distance(text, part):
            text = again
        remark = _length_remark(text, part)
    if not text or word_count(text) > MAX_LENGTH_RATIO * part.max_words:
        return Draft(part=name, value=None, model=model, remark="The model's answer was of no use.")
    return Draft(part=name, value=text, model=model, remark=remark)


async def _draft_list(name: PartName, part: ListPart, subject: Subject, context: Context[Any]) -> Draft:
    schema = list_schema(part.fields, min_items=part.min_items, max_items=part.max_items)
    try:
        answer = await context.language.complete_json(part_prompt(part, subject), schema)
    except UnusableAnswer:
        return Draft(part=name, value=None, remark="The model's answer was no list of this kind.")
    items = unique_items(answer["items"], part.fields[0])
    value: list[Any] = [item[part.fields[0]] for item in items] if len(part.fields) == 1 else list(items)
    if name == "suggested_comparables":
        value = [item | {"checked": False} for item in value]
    return Draft(part=name, value=value, model=context.cost.model or "")


async def _ask(prompt: Prompt, context: Context[Any]) -> tuple[str, str]:
    completion = await context.language.complete(prompt)
    return clean_text(completion.text), completion.model


def part_prompt(part: Part, subject: Subject, *, before: str | None = None) -> Prompt:
    """Returns the prompt for one part; `before` is a draft whose length was wrong."""
    role = f"You are {subject.variant.role}. You write pitches in plain, vivid, specific language. "
    rules = (
        "Use only what the text tells: invent no names, events or facts. Answer with what you are asked for alone, "
        "without a heading or a remark."
    )
    language = f" Write in {subject.language}." if subject.language else " Write in the language of the text."
    kind = "Summaries of" if subject.summarised else "The text of"
    parts = [
        PromptPart(text=role, source="variant", reason="The variant decides who writes.", role="system"),
        PromptPart(text=rules, source="instruction", reason="Nothing is invented.", role="system"),
        PromptPart(text=language, source="language", reason="The language of the pitch.", role="system"),
        PromptPart(
            text=f"{kind} the {subject.variant.work} “{subject.title}”:\n\n", source="title", reason="What it is about."
        ),
        PromptPart(text=subject.material, source="text", reason="What is pitched.", blob_id=subject.blob_id),
        PromptPart(text=f"\n\n{_task_of(part)}", source="instruction", reason="The task of this part."),
    ]
    if before is not None:
        parts.append(PromptPart(text=_correction(part, before), source="draft", reason="Its length was missed."))
    return Prompt.of_parts(parts, max_tokens=_max_tokens(part), temperature=TEMPERATURE)


def _task_of(part: Part) -> str:
    if isinstance(part, TextPart):
        return f"{part.task} Write {part.min_words} to {part.max_words} words."
    fields = " and ".join(part.fields)
    return f"{part.task} At most {part.max_items}, each with its {fields}."


def _correction(part: Part, before: str) -> str:
    return f"\n\nYour last draft had {word_count(before)} words:\n\n{before}\n\nWrite it again at the length above."


def _max_tokens(part: Part) -> int:
    if isinstance(part, TextPart):
        return int(part.max_words * TOKENS_PER_WORD) + EXTRA_TOKENS
    return part.max_items * TOKENS_PER_ITEM + EXTRA_TOKENS


def _distance(text: str, part: TextPart) -> int:
    words = word_count(text)
    if not words:
        return part.max_words + part.min_words
    return max(part.min_words - words, words - part.max_words, 0)


def _length_remark(text: str, part: TextPart) -> str | None:
    if not _distance(text, part):
        return None
    return f"It has {word_count(text)} words; {part.min_words} to {part.max_words} were wanted."
