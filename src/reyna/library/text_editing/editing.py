"""Edits of a text: its passages are written side by side, checked against their source, and shown in reading order."""

import asyncio
from contextlib import aclosing
from typing import Any, Final, TypeVar

import msgspec

from reyna.domain.text.languages import detect_language
from reyna.domain.text.words import word_count
from reyna.library.continuity.background import BookBackground
from reyna.library.continuity.gathering import gather_background
from reyna.library.fidelity.checks import find_missing, find_new_names
from reyna.library.fidelity.finding import FidelityFinding
from reyna.library.fidelity.paragraphs import remove_repeated_paragraphs
from reyna.library.fidelity.voice import find_changed_voice, voice_in_words
from reyna.library.side_by_side import run_side_by_side
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask, edit_prompt
from reyna.library.text_expansion.answer_cleaning import clean_answer, may_be_preamble, remove_unfinished_end
from reyna.library.text_expansion.passages import Passage, split_passages
from reyna.library.text_expansion.prompts import Persona
from reyna.library.writing_styles import writing_style
from reyna.sdk import Blob, Completion, Context, PromptPart, Refuse

MIN_WORDS: Final = 3
MAX_WORDS: Final = 4_000
MAX_CHARACTERS: Final = 80_000
NEEDS_MODEL: Final = (
    "This needs a language model. The one that comes with the studio is a demonstration and only expands short notes: "
    "connect one with `reyna model use`, or set REYNA_LLM_URL."
)
S = TypeVar("S", bound=EditSettings)


class EditedText(msgspec.Struct, frozen=True):
    """The text of an edit, and what was found in it."""

    text: str
    findings: list[FidelityFinding]


def editable_text(blob: Blob, context: Context[Any]) -> str:
    """Returns the text to work on. Raises Refuse for one that is too short or too long, and without a real model."""
    if context.language.demonstration:
        raise Refuse(NEEDS_MODEL)
    text: str = blob.data["content"].replace("\r\n", "\n").strip()
    words = word_count(text)
    if not MIN_WORDS <= words <= MAX_WORDS or len(text) > MAX_CHARACTERS:
        raise Refuse(f"This takes {MIN_WORDS} to {MAX_WORDS:,} words; the text has {words:,}.")
    return text


async def edit_text(
    blob: Blob, source: str, task: EditTask, context: Context[S], *, is_one_passage: bool = False
) -> EditedText:
    """Returns the text that a model made of the source, passage by passage, or as one. Raises Refuse for no text."""
    settings = context.settings
    background = await gather_background(blob, source, context, settings.context_tokens)
    edit = TextEdit(blob, source, task, context, background, is_one_passage=is_one_passage)
    text = remove_repeated_paragraphs(await edit.run(), source)
    if not text.strip():
        raise Refuse("The language model gave no prose. Try again, or use another model.")
    language = settings.language or detect_language(source) or detect_language(text)
    missing = find_missing(source, text, language) if task.keeps_facts else []
    new = find_new_names(text, [source, *background.texts], language)
    return EditedText(text, [*missing, *new, *find_changed_voice(source, text)])


class TextEdit:
    """Writes all passages of one text."""

    def __init__(
        self,
        blob: Blob,
        source: str,
        task: EditTask,
        context: Context[S],
        background: BookBackground,
        *,
        is_one_passage: bool,
    ) -> None:
        self._task, self._context, self._background = task, context, background
        self._persona = persona_of(blob, source, context.settings)
        parallel = context.settings.parallel
        passages = split_passages(source, parallel=parallel)
        if is_one_passage:
            passages = [Passage(tuple(segment for passage in passages for segment in passage.segments))]
        self._passages, self._texts = passages, [""] * len(passages)
        self._done: set[int] = set()
        self._slots = asyncio.Semaphore(parallel)

    async def run(self) -> str:
        await run_side_by_side(self._write(number) for number in range(len(self._passages)))
        return self._text_before(len(self._passages))

    async def _write(self, number: int) -> None:
        passage = self._passages[number]
        async with self._slots:
            if all(segment.verbatim for segment in passage.segments):
                self._texts[number] = passage.text
            else:
                await self._write_checked(number, passage)
        self._done.add(number)
        await self._report(number)

    async def _write_checked(self, number: int, passage: Passage) -> None:
        """Writes the passage, and once more when names, numbers or quotations are missing; keeps the better text."""
        parts = self._background.parts_for(passage.text, begins=not passage.before, ends=not passage.after)
        first = await self._ask(number, passage, parts, [])
        missing = self._missing(passage, first)
        if missing:
            second = await self._ask(number, passage, parts, [finding.text for finding in missing])
            self._texts[number] = second if len(self._missing(passage, second)) < len(missing) else first

    def _missing(self, passage: Passage, text: str) -> list[FidelityFinding]:
        if not self._task.keeps_facts:
            return []
        return find_missing(passage.text, text, self._persona.language)

    async def _ask(self, number: int, passage: Passage, parts: list[PromptPart], keep: list[str]) -> str:
        """Returns the answer as clean prose, which is shown while it is written."""
        prompt = edit_prompt(self._persona, passage, self._task, background=parts, keep=keep)
        answer, is_finished = "", True
        async with aclosing(self._context.language.stream(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    is_finished = piece.finished
                    continue
                answer += piece
                if not may_be_preamble(answer):
                    self._texts[number] = clean_answer(answer)
                    await self._report(number)
        text = clean_answer(answer)
        self._texts[number] = text if is_finished else remove_unfinished_end(text)
        return self._texts[number]

    async def _report(self, number: int) -> None:
        """Reports the text so far in reading order, if this passage is in it."""
        first_open = next((n for n in range(len(self._texts)) if n not in self._done), len(self._texts))
        if number <= first_open:
            await self._context.progress(
                0.99 * len(self._done) / len(self._texts), self._text_before(first_open + 1).strip()
            )

    def _text_before(self, number: int) -> str:
        written = zip(self._passages[:number], self._texts[:number], strict=True)
        return "".join(passage.segments[0].gap + text for passage, text in written if text)


def persona_of(blob: Blob, source: str, settings: EditSettings) -> Persona:
    """Returns the role of the model: that of the style, or an editor who keeps the style of the text."""
    style = settings.style.strip()
    chosen = writing_style(style) if style else None
    return Persona(
        role=chosen.role if chosen else "an editor who keeps the voice of the author",
        language=settings.language or detect_language(source),
        language_source="language setting" if settings.language else "language of the note",
        blob_id=blob.id,
        guidance=chosen.guidance if chosen else "",
        voice=voice_in_words(source),
        instruction=settings.instruction.strip(),
    )
