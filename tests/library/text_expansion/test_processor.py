"""Text expansion keeps its promises whatever the model says: three to five times the words, and only what was made."""

import re
from itertools import pairwise
from typing import Any

import pytest

from reyna.adapters.openai.language import OpenAILanguage
from reyna.domain.errors import Fault, Forbidden
from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.words import word_count
from reyna.embedded.llama import Llama
from reyna.library.text_expansion import text_expansion
from reyna.ports.language import Prompt
from reyna.sdk import Refuse
from reyna.sdk.testing import RunResult, a_blob, run
from tests.library.scripted_model import Scripted

STORM = (
    "The ship sailed into the storm. Captain Mara gripped the wheel and shouted for the crew to cut the sails.\n\n"
    "When the mast broke, nobody screamed. They had all heard the sea take ships before."
)
GOOD = (
    "The ship sailed into the storm with every lantern lit. Captain Mara gripped the wheel until her knuckles went "
    "white, and shouted above the wind for the whole crew to cut the sails before the next gust came. Rain ran down "
    "the ropes and over the hands of the men who climbed.\n\n"
    "When the mast broke it made a sound like an old door, and yet nobody screamed. The men looked at one another and "
    "held on to whatever was near. They had all heard, in harbours and in taverns, how the sea had come to take ships "
    "before, and each of them had believed that it would be another ship, on another night, with other names painted "
    "in gold below the bowsprit. Below them the water rose, black and patient."
)
LETTERS = "abcdefghjkmn"  # no "i", which would be a narrator


def a_sentence(number: int, length: int = 12) -> str:
    """A sentence of so many words that no other number's sentence shares."""
    return " ".join(f"{LETTERS[n]}{number}" for n in range(length)).capitalize() + "."


class Talkative:
    """Answers each prompt with fresh sentences that nobody has heard before."""

    def __init__(self, sentences: int = 3) -> None:
        self._number, self._sentences = 0, sentences

    def __call__(self, prompt: Prompt) -> str:
        self._number += self._sentences
        return " ".join(a_sentence(self._number + n) for n in range(self._sentences))


def is_rewriting(prompt: Prompt) -> bool:
    return "at length" in prompt.user


async def expand(language: Scripted, content: str = STORM, style: str | None = None, **settings: Any) -> RunResult:
    data = {"content": content} | ({"style": style} if style else {})
    return await run(text_expansion, a_blob("text-input-v1", data), language=language, settings=settings)


async def test_a_good_answer_is_taken_as_it_is() -> None:
    language = Scripted(lambda prompt: f"Sure! Here is the expanded text:\n\n{GOOD}")
    data = (await expand(language)).data
    assert data["expanded"] == GOOD
    assert data["original"] == STORM
    assert len(language.prompts) == 1


async def test_everything_that_is_said_of_the_text_was_counted_here() -> None:
    data = (await expand(Scripted(lambda prompt: GOOD))).data
    assert data["metrics"]["words"] == word_count(GOOD)
    assert data["metrics"]["sentences"] == len(split_sentences(GOOD))
    assert data["expansion_ratio"] == round(word_count(GOOD) / word_count(STORM), 2)
    assert (data["model"], data["tokens"]) == ("scripted", {"input": 10, "output": len(GOOD.split())})


async def test_another_story_is_thrown_away_and_the_source_kept() -> None:
    talk = Talkative()
    language = Scripted(
        lambda prompt: (
            "Cats sleep. " + " ".join(f"Cat {n} naps." for n in range(60)) if is_rewriting(prompt) else talk(prompt)
        )
    )
    data = (await expand(language)).data
    assert "Cat" not in data["expanded"]
    assert all(sentence in data["expanded"] for sentence in split_sentences(STORM))
    assert 3 <= data["expansion_ratio"] <= 5


async def test_an_echo_is_no_expansion() -> None:
    talk = Talkative()
    data = (await expand(Scripted(lambda prompt: STORM if is_rewriting(prompt) else talk(prompt)))).data
    assert 3 <= data["expansion_ratio"] <= 5


async def test_a_short_answer_is_lengthened() -> None:
    talk, short = Talkative(1), " ".join(split_sentences(GOOD)[:4])
    data = (await expand(Scripted(lambda prompt: short if is_rewriting(prompt) else talk(prompt)))).data
    assert data["expanded"].startswith(split_sentences(GOOD)[0])
    assert 3 <= data["expansion_ratio"] <= 5


async def test_a_model_that_never_ends_is_stopped_at_a_sentence() -> None:
    endless = GOOD + " " + " ".join(a_sentence(n) for n in range(500))
    language = Scripted(lambda prompt: endless)
    data = (await expand(language)).data
    assert data["expansion_ratio"] <= 5
    assert data["expanded"].endswith(".")
    assert data["tokens"]["output"] < len(endless.split()) / 4  # it was not let to the end


async def test_a_model_in_a_loop_is_noticed() -> None:
    talk = Talkative()
    loop = "The ship sailed into the storm, Captain Mara. " * 40
    language = Scripted(
        lambda prompt: loop if is_rewriting(prompt) else f"{talk(prompt)} I'm glad to help you. {talk(prompt)}"
    )
    data = (await expand(language)).data
    assert data["expanded"].count("sailed into the storm") == 1
    assert "glad to help" not in data["expanded"]


async def test_a_model_that_cannot_do_it_is_refused_after_a_bounded_number_of_questions() -> None:
    language = Scripted(lambda prompt: "No.")
    with pytest.raises(Refuse, match="larger model"):
        await expand(language)
    assert len(language.prompts) < 40


@pytest.mark.parametrize("words", [3, 5, 9])
async def test_a_handful_of_words_is_expanded_too(words: int) -> None:
    data = (await expand(Scripted(Talkative(1)), " ".join(a_sentence(7, words).split()), method="keep")).data
    assert 3 <= data["expansion_ratio"] <= 5


@pytest.mark.parametrize("ratio", [3, 4, 5])
async def test_the_wanted_length_is_come_near(ratio: float) -> None:
    content = "\n\n".join(" ".join(a_sentence(900 + 5 * p + n, 10) for n in range(5)) for p in range(4))
    data = (await expand(Scripted(Talkative()), content, method="keep", ratio=ratio)).data
    assert max(3, ratio - 0.6) <= data["expansion_ratio"] <= min(5, ratio + 0.6)


@pytest.mark.parametrize(
    "content", ["Run—hide—wait—breathe.", "ภาษาไทยง่ายนิดเดียว", "오늘 비가 온다", "AI模型", "यह हिन्दी है।"]
)
async def test_three_words_are_enough_in_any_language(content: str) -> None:
    data = (await expand(Scripted(Talkative(1)), content, method="keep")).data
    assert data["expansion_ratio"] == round(word_count(data["expanded"]) / word_count(content), 2)


@pytest.mark.parametrize(("content", "count"), [("", "0"), ("Two words", "2"), ("word " * 1001, "1,001")])
async def test_a_note_that_is_too_short_or_too_long_is_refused_politely(content: str, count: str) -> None:
    language = Scripted(lambda prompt: GOOD)
    with pytest.raises(Refuse, match=f"needs 3 to 1,000 words; this has {count}"):
        await expand(language, content)
    assert language.prompts == []


async def test_paragraphs_and_lists_keep_their_shape() -> None:
    items = "- repair the garden fence\n- water the young tomatoes"
    content = f"Things to do on Saturday morning:\n{items}\n\nThat is all for now."
    data = (await expand(Scripted(Talkative(1)), content, method="keep")).data
    shape = r"Things to do on .* morning:\n- repair the garden fence.*\n- water the young tomatoes.*\n\nThat is all.*"
    assert re.fullmatch(shape, data["expanded"])


async def test_code_is_left_alone() -> None:
    code = "def user(token):\n    return find(token.user_id)"
    content = (
        f"The function below must raise an error when the token has expired:\n\n{code}\n\nThe tests must cover it."
    )
    data = (await expand(Scripted(Talkative(1)), content, method="keep")).data
    assert code in data["expanded"]


async def test_parts_are_written_side_by_side_and_no_more_of_them_than_wanted() -> None:
    content = "\n\n".join(" ".join(a_sentence(900 + 5 * p + n) for n in range(4)) for p in range(12))
    language = Scripted(Talkative())
    await expand(language, content, method="keep", parallel=3)
    assert language.most == 3


async def test_the_text_so_far_grows_in_reading_order() -> None:
    content = "\n\n".join(" ".join(a_sentence(900 + 5 * p + n) for n in range(4)) for p in range(6))
    ran = await expand(Scripted(Talkative()), content, method="keep")
    texts = [text or "" for _, text in ran.reports]
    assert all(after.startswith(before) for before, after in pairwise(texts))
    assert texts[-1] == ran.data["expanded"]
    fractions = [fraction for fraction, _ in ran.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


async def test_a_preamble_is_never_shown() -> None:
    ran = await expand(Scripted(lambda prompt: f"Sure! Here is the expanded text:\n\n{GOOD}"))
    assert all(GOOD.startswith(text or "") for _, text in ran.reports)
    assert len(ran.reports) > 50


async def test_a_style_and_a_language_reach_the_model() -> None:
    language = Scripted(lambda prompt: GOOD)
    await expand(language, style="formal")
    await expand(language, style="like a fairy tale")
    note = a_blob("text-input-v1", {"content": STORM})
    await run(text_expansion, note, language=language, settings={"language": "French"})
    systems = [prompt.system for prompt in language.prompts]
    assert "formal reports" in systems[0]
    assert "like a fairy tale" in systems[1]
    assert "French" in systems[2]


async def test_a_text_in_german_is_expanded_in_german() -> None:
    language = Scripted(Talkative())
    await expand(language, "Der Zug hielt um Mitternacht an einem leeren Bahnhof, und niemand stieg aus.")
    assert all("You write in German." in prompt.system for prompt in language.prompts)


async def test_an_answer_that_breaks_off_now_and_then_is_no_disaster() -> None:
    talk = Talkative()
    turns = iter([Fault("cut")])
    data = (await expand(Scripted(lambda prompt: next(turns, None) or talk(prompt)))).data
    assert 3 <= data["expansion_ratio"] <= 5


async def test_a_model_that_is_gone_is_a_fault() -> None:
    with pytest.raises(Fault, match="gone"):
        await expand(Scripted(lambda prompt: Fault("gone")))


async def test_a_refusal_of_the_model_goes_through() -> None:
    with pytest.raises(Forbidden, match="key"):
        await expand(Scripted(lambda prompt: Forbidden("The key was not accepted.")))


async def test_the_model_that_comes_with_us_reaches_three_to_five_times(llama_server: Llama) -> None:
    language = OpenAILanguage(llama_server.url, llama_server.key, llama_server.model)
    note = a_blob("text-input-v1", {"content": "The ship sailed into the storm. Captain Mara gripped the wheel."})
    try:
        ran = await run(text_expansion, note, language=language, settings={"method": "keep"})
    finally:
        await language.close()
    assert 3 <= ran.data["expansion_ratio"] <= 5
    assert ran.data["expanded"].startswith("The ship sailed into the storm.")
    assert ran.cost.output_tokens > 10
