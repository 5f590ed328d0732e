"""The expansion of a whole text: its passages are written side by side, and shown in reading order."""

import asyncio
from typing import Annotated, Final, Literal

import msgspec

from reyna.domain.text.languages import detect_language
from reyna.domain.text.words import word_count
from reyna.library.continuity.background import NO_BACKGROUND, BookBackground
from reyna.library.fidelity.checks import find_missing
from reyna.library.fidelity.paragraphs import remove_repeated_paragraphs
from reyna.library.fidelity.voice import voice_in_words
from reyna.library.side_by_side import run_side_by_side
from reyna.library.text_expansion import demonstration
from reyna.library.text_expansion.passage_writer import MAX_RATIO, MIN_RATIO, PassageWriter
from reyna.library.text_expansion.passages import Passage, split_passages
from reyna.library.text_expansion.prompts import Persona
from reyna.library.writing_styles import MAX_STYLE_CHARACTERS, writing_style
from reyna.sdk import Context, Refuse

MAX_FAILED_REWRITINGS: Final = 2  # without one that was kept, after which a run rewrites no more
MAX_LENGTHENING_ROUNDS: Final = 3  # for each passage, when the whole is still too short
MAX_DEMONSTRATION_ROUNDS: Final = 12  # the same for the demonstration model, much of whose text is thrown away
MAX_UNFINISHED_PROGRESS: Final = 0.99
MAX_INSTRUCTION_CHARACTERS: Final = 2_000
DEFAULT_CONTEXT_TOKENS: Final = 1_000
MAX_CONTEXT_TOKENS: Final = 16_000

Style = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_STYLE_CHARACTERS,
        description="creative, vivid, formal, concise, journalistic, academic, or in your words",
    ),
]


class ExpansionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ratio` is the wanted length in times the words of the source; `style` is used where the text names none.

    `method`: "rewrite" tells the text anew and falls back to "keep", which keeps every sentence of the source and lets
    the model go on after each; a small model only manages that. `parallel` is how many parts are written side by side.
    `instruction` is added to every prompt. `context_tokens` is how much of the book may go along with each part: the
    texts before and after the note, the end of the chapter before, and what is known of the people and places that the
    part names; 0 for nothing.
    """

    style: Style = "creative"
    ratio: Annotated[float, msgspec.Meta(ge=MIN_RATIO, le=MAX_RATIO)] = 4.0
    language: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    method: Literal["rewrite", "keep"] = "rewrite"
    parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 48
    instruction: Annotated[str, msgspec.Meta(max_length=MAX_INSTRUCTION_CHARACTERS)] = ""
    context_tokens: Annotated[int, msgspec.Meta(ge=0, le=MAX_CONTEXT_TOKENS)] = DEFAULT_CONTEXT_TOKENS


class Expansion:
    """Writes all passages of one text."""

    def __init__(
        self,
        source: str,
        context: Context[ExpansionSettings],
        *,
        style: str | None,
        blob_id: str | None = None,
        background: BookBackground = NO_BACKGROUND,
        budget_seconds: float | None = None,
    ) -> None:
        """`budget_seconds`: after that time, the text ends with what is there. None: it takes as long as it takes."""
        settings, self._is_demonstration = context.settings, context.language.demonstration
        persona = persona_of(source, settings, style=style, blob_id=blob_id, plain=self._is_demonstration)
        self._context, self._settings, self._background = context, settings, background
        self._source, self._language = source, persona.language
        self._is_unfit = (
            demonstration.unfit_sentences(source) if self._is_demonstration else demonstration.is_never_unfit
        )
        self._budget_seconds, self._has_run_out_of_time = budget_seconds, False
        self._source_words = word_count(source)
        self._done: set[int] = set()
        self._kept_rewritings = self._failed_rewritings = 0
        self._slots = asyncio.Semaphore(settings.parallel)
        self._writers = [
            self._new_writer(number, passage, persona)
            for number, passage in enumerate(split_passages(source, parallel=settings.parallel))
        ]

    async def run(self) -> str:
        """Returns the expanded text. Raises Refuse when the model does not reach its length."""
        await self._write_in_time()
        self._shorten()
        text = remove_repeated_paragraphs(self._text_before(len(self._writers)).strip(), self._source)
        ratio = word_count(text) / self._source_words
        if self._has_run_out_of_time and ratio < MIN_RATIO:
            raise demonstration.too_slow()
        if not MIN_RATIO <= ratio <= MAX_RATIO:
            raise Refuse(
                f"The language model made {ratio:.1f} times the words instead of {MIN_RATIO:.0f} to {MAX_RATIO:.0f} "
                "times. Try again, or use a larger model."
            )
        return text

    async def _write_in_time(self) -> None:
        """Writes all passages; when the time is over, they end with what is there."""
        budget = asyncio.timeout(self._budget_seconds)
        try:
            async with budget:
                await run_side_by_side(self._write(number) for number in range(len(self._writers)))
                await self._lengthen()
        except TimeoutError:
            if not budget.expired():
                raise
            self._has_run_out_of_time = True
            for number, writer in enumerate(self._writers):
                if number not in self._done:
                    writer.finish_early()

    def _new_writer(self, number: int, passage: Passage, persona: Persona) -> PassageWriter:
        return PassageWriter(
            self._context.language,
            passage,
            persona,
            target=self._settings.ratio,
            changed=lambda: self._report(number),
            background=self._background.parts_for(passage.text, begins=not passage.before, ends=not passage.after),
            is_unfit=self._is_unfit,
        )

    async def _write(self, number: int) -> None:
        writer = self._writers[number]
        async with self._slots:
            if self._should_rewrite():
                if await writer.rewrite():
                    self._kept_rewritings += 1
                    await self._restore_what_is_missing(writer)
                else:
                    self._failed_rewritings += 1
            if writer.ratio < MIN_RATIO:
                await writer.extend()
        self._done.add(number)
        await self._report(number)

    async def _restore_what_is_missing(self, writer: PassageWriter) -> None:
        """Asks once more for a passage that has lost names, numbers or quotations, and keeps the better answer."""
        missing = find_missing(writer.passage.text, writer.text, self._language)
        if not missing:
            return
        first = writer.written
        kept = await writer.rewrite(keep=[finding.text for finding in missing])
        if not kept or len(find_missing(writer.passage.text, writer.text, self._language)) >= len(missing):
            writer.written = first

    def _should_rewrite(self) -> bool:
        promising = self._kept_rewritings > 0 or self._failed_rewritings < MAX_FAILED_REWRITINGS
        return self._settings.method == "rewrite" and promising

    async def _lengthen(self) -> None:
        """Extends the shortest passages until the whole is long enough, or the rounds are used up."""
        rounds = MAX_DEMONSTRATION_ROUNDS if self._is_demonstration else MAX_LENGTHENING_ROUNDS
        for _ in range(rounds * len(self._writers)):
            if self._words() >= MIN_RATIO * self._source_words:
                return
            await min(self._writers, key=lambda writer: writer.ratio).extend_once()

    def _shorten(self) -> None:
        """Shortens the longest passages until the whole is short enough, or nothing more can be dropped."""
        while (excess := self._words() - MAX_RATIO * self._source_words) > 0:
            longest = max(self._writers, key=lambda writer: writer.ratio)
            before = longest.words
            longest.shorten(int(before - excess))
            if longest.words == before:
                return

    def _words(self) -> int:
        return sum(writer.words for writer in self._writers)

    async def _report(self, number: int) -> None:
        """Reports the text so far in reading order, if this passage is in it."""
        first_open = next((n for n in range(len(self._writers)) if n not in self._done), len(self._writers))
        if number <= first_open:
            fraction = self._words() / (self._settings.ratio * self._source_words)
            text = self._text_before(first_open + 1).strip()
            await self._context.progress(min(fraction, MAX_UNFINISHED_PROGRESS), text)

    def _text_before(self, number: int) -> str:
        return "".join(writer.text for writer in self._writers[:number])


def persona_of(
    source: str, settings: ExpansionSettings, *, style: str | None, blob_id: str | None = None, plain: bool = False
) -> Persona:
    """Returns the role and the language of the writer of a note; its own `style` goes before that of the settings.

    `plain` leaves out what a small model only repeats: the guidance of the style, the voice and the instruction.
    """
    chosen = writing_style(style if style and style.strip() else settings.style)
    return Persona(
        role=chosen.role,
        language=settings.language or detect_language(source),
        role_source="style of the note" if style and style.strip() else "style setting",
        language_source="language setting" if settings.language else "language of the note",
        blob_id=blob_id,
        guidance="" if plain else chosen.guidance,
        voice="" if plain else voice_in_words(source),
        instruction="" if plain else settings.instruction.strip(),
    )
