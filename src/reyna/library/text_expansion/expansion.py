"""The expansion of a whole text: its passages are written side by side, and shown in reading order."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.domain.text.clusters import truncate
from reyna.domain.text.languages import detect_language
from reyna.domain.text.words import word_count
from reyna.library.text_expansion.passage_writer import MAX_RATIO, MIN_RATIO, PassageWriter
from reyna.library.text_expansion.passages import Passage, split_passages
from reyna.library.text_expansion.prompts import Persona
from reyna.sdk import Context, Refuse

MAX_FAILED_REWRITINGS: Final = 2  # without one that was kept, after which a run rewrites no more
MAX_LENGTHENING_ROUNDS: Final = 3  # for each passage, when the whole is still too short
MAX_UNFINISHED_PROGRESS: Final = 0.99
MAX_STYLE_CHARACTERS: Final = 40
ROLES: Final = {
    "creative": "a novelist",
    "vivid": "a novelist with an eye for sounds, colours and smells",
    "formal": "a writer of clear, formal reports",
    "concise": "a writer of plain, precise prose",
}

Style = Annotated[
    str, msgspec.Meta(max_length=MAX_STYLE_CHARACTERS, description="creative, vivid, formal, concise, or in your words")
]


class ExpansionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ratio` is the wanted length in times the words of the source; `style` is used where the text names none.

    `method`: "rewrite" tells the text anew and falls back to "keep", which keeps every sentence of the source and lets
    the model go on after each; a small model only manages that. `parallel` is how many parts are written side by side.
    """

    style: Style = "creative"
    ratio: Annotated[float, msgspec.Meta(ge=MIN_RATIO, le=MAX_RATIO)] = 4.0
    language: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    method: Literal["rewrite", "keep"] = "rewrite"
    parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 48


class Expansion:
    """Writes all passages of one text."""

    def __init__(
        self, source: str, context: Context[ExpansionSettings], *, style: str | None, blob_id: str | None = None
    ) -> None:
        settings = context.settings
        persona = persona_of(source, settings, style=style, blob_id=blob_id)
        self._context, self._settings = context, settings
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
        await _run_all(self._write(number) for number in range(len(self._writers)))
        await self._lengthen()
        self._shorten()
        text = self._text_before(len(self._writers)).strip()
        ratio = word_count(text) / self._source_words
        if not MIN_RATIO <= ratio <= MAX_RATIO:
            raise Refuse(
                f"The language model made {ratio:.1f} times the words instead of {MIN_RATIO:.0f} to {MAX_RATIO:.0f} "
                "times. Try again, or use a larger model."
            )
        return text

    def _new_writer(self, number: int, passage: Passage, persona: Persona) -> PassageWriter:
        return PassageWriter(
            self._context.language,
            passage,
            persona,
            target=self._settings.ratio,
            changed=lambda: self._report(number),
        )

    async def _write(self, number: int) -> None:
        writer = self._writers[number]
        async with self._slots:
            if self._should_rewrite():
                if await writer.rewrite():
                    self._kept_rewritings += 1
                else:
                    self._failed_rewritings += 1
            if writer.ratio < MIN_RATIO:
                await writer.extend()
        self._done.add(number)
        await self._report(number)

    def _should_rewrite(self) -> bool:
        promising = self._kept_rewritings > 0 or self._failed_rewritings < MAX_FAILED_REWRITINGS
        return self._settings.method == "rewrite" and promising

    async def _lengthen(self) -> None:
        """Extends the shortest passages until the whole is long enough, or the rounds are used up."""
        for _ in range(MAX_LENGTHENING_ROUNDS * len(self._writers)):
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


def persona_of(source: str, settings: ExpansionSettings, *, style: str | None, blob_id: str | None = None) -> Persona:
    """Returns the role and the language of the writer of a note; its own `style` goes before that of the settings."""
    return Persona(
        role=_role(style, settings.style),
        language=settings.language or detect_language(source),
        role_source="style of the note" if style and style.strip() else "style setting",
        language_source="language setting" if settings.language else "language of the note",
        blob_id=blob_id,
    )


def _role(style: str | None, default: str) -> str:
    style = truncate((style or default).strip(), MAX_STYLE_CHARACTERS).strip() or default
    return ROLES.get(style.lower(), f"a writer whose style is {style}")


async def _run_all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs the coroutines side by side; the first error stops the others and is raised as it is."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
