"""Text expansion: a brief note becomes detailed prose, three to five times as long."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.library import cleaning, prose
from reyna.library.parts import Part, parts
from reyna.library.writing import LEAST, MOST, Voice, Writing
from reyna.sdk import Blob, Context, Processor, Refuse

FEWEST_WORDS: Final = 3
MOST_WORDS: Final = 1000
MOST_CHARACTERS: Final = 20_000  # a thousand words of twenty letters; what is longer is not words
STRANGE: Final = 2  # rewritings thrown away, and none kept, after which a run rewrites no more
MORE_ROUNDS: Final = 3  # for each part, when the whole is still too short
ROLES: Final = {
    "creative": "a novelist",
    "vivid": "a novelist with an eye for sounds, colours and smells",
    "formal": "a writer of clear, formal reports",
    "concise": "a writer of plain, precise prose",
}

Style = Annotated[str, msgspec.Meta(max_length=40, description="creative, vivid, formal, concise, or in your words")]


class ExpansionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ratio` is the wanted length in times the words of the source; `style` is used where the text names none.

    `method`: "rewrite" tells the text anew and falls back to "keep", which keeps every sentence of the source and lets
    the model go on after each; a small model only manages that. `parallel` is how many parts are written side by side.
    """

    style: Style = "creative"
    ratio: Annotated[float, msgspec.Meta(ge=LEAST, le=MOST)] = 4.0
    language: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    method: Literal["rewrite", "keep"] = "rewrite"
    parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 48


text_expansion = Processor(
    "text-expansion",
    takes="text-input-v1",
    makes="expanded-text-v1",
    settings=ExpansionSettings,
    name="Text expansion",
    description="Transforms brief notes into detailed prose, three to five times as long.",
    range="10 to 1,000 words",
)


@text_expansion
async def expand(blob: Blob, context: Context[ExpansionSettings]) -> dict[str, Any]:
    """The expansion with what can be counted of it: nothing is said about the text that was not counted here.

    Progress tells the whole text so far in reading order: every part up to the first unfinished one, and that one as
    far as it is written. It grows at its end; only the part that is being written may still change.
    Raises Refuse for fewer than 3 or more than 1,000 words, and when the model does not get to three times the words.
    """
    source = blob.data["content"].replace("\r\n", "\n").strip()
    check(source)
    expansion = Expansion(source, context, style=blob.data.get("style"))
    expanded = await expansion.run()
    measured = prose.metrics(expanded)
    cost = context.cost
    await context.progress(1.0, expanded)
    return {
        "original": blob.data["content"],
        "expanded": expanded,
        "expansion_ratio": round(measured.words / prose.count(source), 2),
        "metrics": msgspec.to_builtins(measured),
        "model": cost.model or "",
        "tokens": {"input": cost.input_tokens, "output": cost.output_tokens},
    }


def check(source: str) -> None:
    found = prose.count(source)
    if not FEWEST_WORDS <= found <= MOST_WORDS:
        raise Refuse(f"Text expansion needs {FEWEST_WORDS} to {MOST_WORDS:,} words; this has {found:,}.")
    if len(source) > MOST_CHARACTERS:
        raise Refuse(f"Text expansion takes {MOST_CHARACTERS:,} characters; this has {len(source):,}.")


class Expansion:
    """All parts of one text, written side by side and told in reading order."""

    def __init__(self, source: str, context: Context[ExpansionSettings], *, style: str | None) -> None:
        settings = context.settings
        style = (style or settings.style).strip()[:40] or settings.style
        voice = Voice(
            role=ROLES.get(style.lower(), f"a writer whose style is {style}"),
            language=settings.language or cleaning.language_of(source),
        )
        self._context, self._settings = context, settings
        self._source_words = prose.count(source)
        self._done: set[int] = set()
        self._kept = self._thrown_away = 0  # rewritings
        self._slots = asyncio.Semaphore(settings.parallel)
        self._writings = [
            self._writing(number, part, voice)
            for number, part in enumerate(parts(source, side_by_side=settings.parallel))
        ]

    def _writing(self, number: int, part: Part, voice: Voice) -> Writing:
        return Writing(
            self._context.language,
            part,
            voice,
            target=self._settings.ratio,
            changed=lambda: self._tell(number),
        )

    async def run(self) -> str:
        await all_of(self._write(number) for number in range(len(self._writings)))
        await self._lengthen()
        self._shorten()
        text = self._text(len(self._writings)).strip()
        ratio = prose.count(text) / self._source_words
        if not LEAST <= ratio <= MOST:
            raise Refuse(
                f"The language model made {ratio:.1f} times the words instead of {LEAST:.0f} to {MOST:.0f} times. "
                "Try again, or use a larger model."
            )
        return text

    async def _write(self, number: int) -> None:
        writing = self._writings[number]
        async with self._slots:
            if self._rewrites():
                if await writing.rewrite():
                    self._kept += 1
                else:
                    self._thrown_away += 1
            if writing.ratio < LEAST:
                await writing.grow()
        self._done.add(number)
        await self._tell(number)

    def _rewrites(self) -> bool:
        return self._settings.method == "rewrite" and (self._kept > 0 or self._thrown_away < STRANGE)

    async def _lengthen(self) -> None:
        """Ask for more where there is the least, until the whole is long enough or the rounds are used up."""
        for _ in range(MORE_ROUNDS * len(self._writings)):
            if self._words() >= LEAST * self._source_words:
                return
            await min(self._writings, key=lambda writing: writing.ratio).add_more()

    def _shorten(self) -> None:
        while (excess := self._words() - MOST * self._source_words) > 0:
            longest = max(self._writings, key=lambda writing: writing.ratio)
            before = longest.words
            longest.cut(int(before - excess))
            if longest.words == before:
                return

    def _words(self) -> int:
        return sum(writing.words for writing in self._writings)

    async def _tell(self, number: int) -> None:
        """Report the text so far, if this part is in it."""
        first_open = next((n for n in range(len(self._writings)) if n not in self._done), len(self._writings))
        if number <= first_open:
            fraction = self._words() / (self._settings.ratio * self._source_words)
            await self._context.progress(min(fraction, 0.99), self._text(first_open + 1).strip())

    def _text(self, until: int) -> str:
        return "".join(writing.text for writing in self._writings[:until])


async def all_of(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Side by side; the first error stops the others and is raised as it is."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
