"""The material of a pitch: the texts as they are, or of a long book summaries within a budget of tokens."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

from reyna.domain.text.clusters import truncate
from reyna.domain.text.tokens import estimate_tokens
from reyna.library.pitch.answers import clean_text
from reyna.library.pitch.parallel import gather_all
from reyna.library.pitch.settings import PitchSettings
from reyna.library.pitch.sources import PitchText
from reyna.sdk import Context, Prompt, PromptPart, Refuse

MAX_ROUNDS: Final = 4  # summaries of summaries of summaries: a book of a million words takes two
MAX_SUMMARIES: Final = 500  # calls of the model in one round
MIN_SUMMARY_WORDS: Final = 40
MAX_SUMMARY_WORDS: Final = 400
WORDS_PER_TOKEN: Final = 0.7
TOKENS_PER_WORD: Final = 2.0  # generous: a summary is asked for in words
TEMPERATURE: Final = 0.3
NAME_CHARACTERS: Final = 16
Report = Callable[[float], Awaitable[None]]


async def condense(pieces: Sequence[PitchText], context: Context[PitchSettings], report: Report) -> tuple[str, bool]:
    """Returns the texts within the budget of the settings, and whether they are summaries.

    Each summary is a durable step, named after what it summarises. Raises Refuse for more than 500 of them at once.
    """
    budget = context.settings.material_tokens
    current = list(pieces)
    for number in range(MAX_ROUNDS):
        text = _join(current)
        if estimate_tokens(text) <= budget:
            return text, number > 0
        current = await _summarise_all(_group(_split(current, budget), budget), context, report)
    return _cut(_join(current), budget), True


async def _summarise_all(
    groups: list[list[PitchText]], context: Context[PitchSettings], report: Report
) -> list[PitchText]:
    settings = context.settings
    if len(groups) > MAX_SUMMARIES:
        raise Refuse(
            f"This needs {len(groups):,} summaries, and {MAX_SUMMARIES} are the most. Raise the setting "
            f"material_tokens ({settings.material_tokens:,}) as far as your model allows."
        )
    share = settings.material_tokens * WORDS_PER_TOKEN / len(groups)
    words = int(min(max(share, MIN_SUMMARY_WORDS), MAX_SUMMARY_WORDS))
    slots, done = asyncio.Semaphore(settings.parallel), 0

    async def summarise(group: list[PitchText]) -> PitchText:
        nonlocal done
        text = _join(group)
        name = hashlib.sha256(f"{words} {text}".encode()).hexdigest()[:NAME_CHARACTERS]

        async def ask() -> str:
            return clean_text((await context.language.complete(_prompt(text, group[0].blob_id, words))).text)

        async with slots:
            summary = await context.step(f"summary {name}", ask, returns=str)
        done += 1
        await report(done / len(groups))
        return PitchText("", summary)

    return await gather_all(summarise(group) for group in groups)


def _prompt(text: str, blob_id: str | None, words: int) -> Prompt:
    system = (
        "You summarise parts of a longer work for an editor who has not read it. You answer with the summary alone."
    )
    task = (
        f"Summarise this part in at most {words} words, in its own language: what happens, to whom, and how it ends. "
        "Keep the names. Add nothing that is not in it.\n\n"
    )
    return Prompt.of_parts(
        [
            PromptPart(text=system, source="instruction", reason="The task of the model.", role="system"),
            PromptPart(text=task, source="instruction", reason="The length follows from `material_tokens`."),
            PromptPart(text=text, source="text", reason="The part to summarise.", blob_id=blob_id),
        ],
        max_tokens=int(words * TOKENS_PER_WORD) + 32,
        temperature=TEMPERATURE,
    )


def _split(pieces: Sequence[PitchText], budget: int) -> Iterator[PitchText]:
    """Yields the pieces, those above the budget in parts that end at the end of a paragraph where there is one."""
    for piece in pieces:
        rest = piece.text
        while estimate_tokens(rest) > budget:
            part = _cut(rest, budget)
            yield PitchText(piece.title, part, piece.blob_id)
            rest = rest[len(part) :]
        if rest.strip():
            yield PitchText(piece.title, rest, piece.blob_id)


def _group(pieces: Iterable[PitchText], budget: int) -> list[list[PitchText]]:
    """Returns the pieces in their order, neighbours together as long as they stay within the budget."""
    groups: list[list[PitchText]] = []
    size = 0
    for piece in pieces:
        tokens = estimate_tokens(_join([piece]))
        if groups and size + tokens <= budget:
            groups[-1].append(piece)
            size += tokens
        else:
            groups.append([piece])
            size = tokens
    return groups


def _cut(text: str, budget: int) -> str:
    """Returns the beginning of a text within a budget of tokens, up to the end of a paragraph or a line."""
    size = max(1, int(len(text) * budget / estimate_tokens(text)))
    part = truncate(text, size) or text[:size]
    for end in ("\n\n", "\n", " "):
        place = part.rfind(end)
        if place > len(part) // 2:
            return part[: place + len(end)]
    return part


def _join(pieces: Sequence[PitchText]) -> str:
    return "\n\n".join(f"{piece.title}\n\n{piece.text}" if piece.title else piece.text for piece in pieces)
