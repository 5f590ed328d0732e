"""The parts of a prompt as they are kept."""

from reyna.domain.processing.prompts.prompt import MAX_PART_CHARACTERS, MAX_PARTS, PromptPart
from reyna.ports.language import Prompt
from reyna.sdk.prompts.counting import count_parts, share_tokens


def a_prompt(*texts: str) -> Prompt:
    return Prompt.of_parts([PromptPart(text=text, source="note") for text in texts], max_tokens=10)


def test_a_long_part_is_shortened_between_what_a_reader_sees_as_characters_and_says_so() -> None:
    family = "👨\u200d👩\u200d👧"
    (part,) = count_parts(a_prompt("a" * (MAX_PART_CHARACTERS - 2) + family))
    assert part.text == "a" * (MAX_PART_CHARACTERS - 2)
    assert (part.shortened, part.characters) == (True, MAX_PART_CHARACTERS - 2 + len(family))
    assert part.tokens > MAX_PART_CHARACTERS / 5  # of the whole text


def test_all_parts_together_have_a_limit() -> None:
    parts = count_parts(a_prompt("a" * 50, "b" * 50, "c"), most=60)
    assert [(len(part.text), part.shortened) for part in parts] == [(50, False), (10, True), (0, True)]


def test_a_prompt_of_very_many_parts_keeps_all_their_text() -> None:
    texts = [str(number) for number in range(1000)]
    parts = count_parts(a_prompt(*texts))
    assert len(parts) <= MAX_PARTS
    assert "".join(part.text for part in parts) == "".join(texts)


def test_counted_tokens_are_shared_by_the_parts_and_none_is_lost() -> None:
    shared = share_tokens(count_parts(a_prompt("a" * 40, "b" * 80, "c" * 4)), 100)
    assert [part.tokens for part in shared] == [32, 65, 3]
    assert all(part.estimated for part in shared)
    (alone,) = share_tokens(count_parts(a_prompt("a" * 40)), 13)
    assert (alone.tokens, alone.estimated) == (13, False)
