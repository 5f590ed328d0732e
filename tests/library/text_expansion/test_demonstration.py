"""The model that comes with the studio behaves as the demonstration that it is."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count

import pytest

from reyna.library.text_expansion import text_expansion
from reyna.library.text_expansion.demonstration import max_words, unfit_sentences
from reyna.library.text_expansion.expansion import Expansion, ExpansionSettings
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, Processor, Refuse
from reyna.sdk.testing import a_blob, run
from tests.library.scripted_model import Scripted

NOTE = "Mara opened the letter from her brother at the kitchen table. It smelled of smoke."
LETTERS = "abcdefghjklmnopqrstuvwxyz"
KEEP = {"method": "keep", "parallel": 4}


@pytest.mark.parametrize(
    "sentence",
    [
        'The verb "smelled" is incorrect.',
        "In the original retelling, the letter burns.",
        "The scene begins in a kitchen.",
        "Here is the letter that she had longed for.",
        "Here's what happened next.",
        "Then Tom came into the kitchen with a lamp.",
        "Sarah looked at the letter and wept.",
        "The letter was dated 1914.",
        "It is a testament to the human spirit.",
    ],
)
def test_talk_about_the_text_and_inventions_never_reach_the_writer(sentence: str) -> None:
    assert unfit_sentences(NOTE)(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The paper was brittle, and Mara held it as if it might crumble.",
        "Ash fell from the envelope onto the oilcloth.",
        "Outside, the rain went on.",
        "She had not heard from her brother since the spring.",
    ],
)
def test_prose_reaches_the_writer(sentence: str) -> None:
    assert not unfit_sentences(NOTE)(sentence)


async def test_unfit_sentences_are_in_no_report_and_not_in_the_result() -> None:
    numbers = count(1)

    def say(prompt: Prompt) -> str:
        n = LETTERS[next(numbers)] * 3
        return (
            f'{n}paper {n}crackled under {n}fingers. The verb "smelled" is incorrect. Outside {n}drizzle {n}darkened '
            f"every {n}pavement. Then Tom came in carrying another lamp. Beyond {n}windows {n}gulls {n}circled."
        )

    blob = a_blob("text-input-v1", {"content": NOTE})
    result = await run(text_expansion, blob, language=Scripted(say), settings=KEEP, demonstration=True)
    seen = " ".join(text or "" for _, text in result.reports) + result.data["expanded"]
    assert "Tom" not in seen and "verb" not in seen
    assert result.data["demonstration"] is True
    assert result.data["findings"] == []


async def test_a_note_that_needs_more_than_the_budget_is_refused_at_once_with_what_to_do() -> None:
    language = Scripted(lambda prompt: "Never asked.")
    blob = a_blob("text-input-v1", {"content": "word " * (max_words(4.0) + 1)})
    with pytest.raises(Refuse, match=r"enough for about 80 words.*has 81.*Shorten the note, or connect"):
        await run(text_expansion, blob, language=language, settings=KEEP, demonstration=True)
    assert language.prompts == []


class StalledModel:
    """A model that writes one sentence and then nothing, as on a machine that is far too slow."""

    async def complete(self, prompt: Prompt) -> Completion:
        raise NotImplementedError

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        yield "Brittle paper crackled under careful fingers. "
        yield "Outside"
        await asyncio.Event().wait()


async def test_a_run_ends_when_its_time_is_over() -> None:
    hurried = Processor("hurried", takes="text-input-v1", makes="edited-text-v1", settings=ExpansionSettings)

    @hurried
    async def expand(blob: Blob, context: Context[ExpansionSettings]) -> dict[str, str]:
        expansion = Expansion(blob.data["content"], context, style=None, budget_seconds=0.05)
        return {"content": await expansion.run()}

    blob = a_blob("text-input-v1", {"content": NOTE})
    with pytest.raises(Refuse, match="60 seconds"):
        await run(hurried, blob, language=StalledModel(), settings=KEEP, demonstration=True)


async def test_any_processor_can_tell_the_demonstration_model() -> None:
    asks: Processor[None] = Processor("asks", takes="text-input-v1", makes="edited-text-v1")

    @asks
    async def tell(blob: object, context: Context[None]) -> dict[str, str]:
        return {"content": str(context.language.demonstration)}

    blob = a_blob("text-input-v1", {"content": NOTE})
    assert (await run(asks, blob, demonstration=True)).data == {"content": "True"}
    assert (await run(asks, blob)).data == {"content": "False"}
