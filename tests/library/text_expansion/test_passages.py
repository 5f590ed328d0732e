"""A text is split so that its parts can be put together again as it was."""

from hypothesis import given
from hypothesis import strategies as st

from reyna.library.text_expansion.passages import (
    MAX_TARGET_RATIO,
    MAX_TARGET_WORDS,
    MIN_TARGET_WORDS,
    join_segments,
    split_passages,
    split_segments,
)

SENTENCE = "The valley had been dry for three long summers now. "
CODE = """Fix this:

def user(token):
    if token.expired:
        return None
    return find(token)

It must raise instead."""


def text_of(*paragraphs: int) -> str:
    """Paragraphs of so many sentences of ten words each."""
    return "\n\n".join((SENTENCE * count).strip() for count in paragraphs)


def test_units_joined_are_the_text() -> None:
    text = 'One. "Two," she said.\n\n- three\n- four\n\nFive! Six?'
    assert join_segments(split_segments(text)) == text


@given(st.lists(st.text(alphabet="ab .!?\n-\"'", max_size=40), max_size=8))
def test_no_word_is_lost(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    together = "".join(join_segments(passage.segments) for passage in split_passages(text, parallel=4))
    assert "".join(together.split()) == "".join(text.split())


def test_code_is_carried_along_as_it_is() -> None:
    verbatim = [segment.text for segment in split_segments(CODE) if segment.verbatim]
    assert verbatim == ["def user(token):", "    if token.expired:", "        return None", "    return find(token)"]
    assert join_segments(split_segments(CODE)) == CODE


def test_prose_with_a_colon_is_no_code() -> None:
    assert not any(
        segment.verbatim
        for segment in split_segments("For the weekend:\nReturn the books to Ana.\nImport duties are due.")
    )


def test_a_thousand_words_are_small_parts_when_many_are_written_side_by_side() -> None:
    for text in (text_of(*[5] * 20), text_of(100), text_of(*[1] * 100), text_of(*[3, 7] * 10)):
        found = split_passages(text, parallel=48)
        assert len(found) <= 48
        assert all(passage.words <= MAX_TARGET_RATIO * MIN_TARGET_WORDS for passage in found)


def test_a_thousand_words_are_larger_parts_when_few_are_written_side_by_side() -> None:
    found = split_passages(text_of(*[5] * 20), parallel=4)
    assert all(0.5 * MAX_TARGET_WORDS <= passage.words <= MAX_TARGET_RATIO * MAX_TARGET_WORDS for passage in found)


def test_a_long_paragraph_is_split_at_its_sentences() -> None:
    found = split_passages(text_of(30), parallel=48)
    assert len(found) > 5
    assert all(passage.text.strip().startswith("The") and passage.text.endswith(".") for passage in found)


def test_tiny_paragraphs_are_put_together() -> None:
    assert len(split_passages(text_of(1, 1, 1, 1), parallel=24)) == 1


def test_a_paragraph_stays_whole_where_it_fits() -> None:
    found = split_passages(text_of(4, 4), parallel=24)
    assert [passage.text for passage in found] == [text_of(4), text_of(4)]


def test_a_part_knows_its_neighbours() -> None:
    first, second = split_passages("Ana left. " + text_of(4) + "\n\n" + text_of(4) + " Bo came.", parallel=24)
    assert first.before == second.after == ""
    assert second.before.endswith("now.")
    assert first.after.startswith("The valley")
