"""Each finding marks the words that a careful reader would mark, and no others."""

import pytest

from tests.library.style_analysis.analyses import analyse_text, found


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("The lamp was lit by the keeper, and the door was then slowly opened.", ["was lit", "was then slowly opened"]),
        ("The letters were written in haste and had been sealed.", ["were written", "been sealed"]),
        ("She was tired, and the hundred men were excited.", []),
        ("It was late; broken glass lay in the street.", []),
        (
            "Der Brief wurde gestern von der Wirtin geöffnet, und er wird kommen.",
            ["wurde gestern von der Wirtin geöffnet"],
        ),
        ("Die Tür war zu und das Haus wurde gebaut.", ["wurde gebaut"]),
        ("La casa fue construida por su padre y la carta ya era conocida.", ["fue construida", "era conocida"]),
    ],
)
def test_passives_are_found(text: str, marked: list[str]) -> None:
    assert found(text, "passive", language={"D": "de", "L": "es"}.get(text[0], "en")) == marked


@pytest.mark.parametrize(
    ("text", "language", "marked"),
    [
        ("She slowly turned. Emily smiled at her only family.", "en", ["slowly"]),
        ("Then Emily waited patiently, and the holy man spoke kindly.", "en", ["patiently", "kindly"]),
        ("Caminaba lentamente y su mente era clara.", "es", ["lentamente"]),
    ],
)
def test_adverbs_are_found_by_their_ending(text: str, language: str, marked: list[str]) -> None:
    assert found(text, "adverb", language=language) == marked


def test_filter_words_stand_after_their_subject_outside_of_dialogue() -> None:
    text = "She saw the ship. “I saw it too,” he said. Tom noticed the bell. The saw was sharp."
    assert found(text, "filter_word", language="en") == ["She saw", "Tom noticed"]


def test_fillers_in_dialogue_are_left_to_their_speaker() -> None:
    assert found("It was really late. “I am really tired,” she said.", "filler", language="en") == ["really"]
    assert found("Er war eigentlich müde.", "filler", language="de") == ["eigentlich"]


@pytest.mark.parametrize(
    ("text", "language", "marked"),
    [
        ("It was a dark and stormy night.", "en", ["dark and stormy night"]),
        ("At the end\nof the day.", "en", []),
        ("Es war einmal ein König.", "de", ["Es war einmal"]),
        ("Érase una vez un rey.", "es", ["Érase una vez"]),
        ("Il était une fois un roi.", "fr", ["Il était une fois"]),
    ],
)
def test_cliches_are_found_within_a_sentence(text: str, language: str, marked: list[str]) -> None:
    assert found(text, "cliche", language=language) == marked


def test_a_word_for_the_third_time_is_found_and_a_name_is_not() -> None:
    text = "The lantern swung. The lantern fell. Nobody at all picked the lantern up. Mara left, and Mara ran to Mara."
    assert found(text, "repeated_word", language="en") == ["lantern"]
    assert found(text, "repeated_word", language="en", repeat_count=2) == ["lantern", "lantern"]
    assert found(text, "repeated_word", language="en", repeat_window_words=10, repeat_count=3) == []


def test_a_phrase_is_found_where_it_stands_again() -> None:
    text = "He hid behind the old stone wall. Nobody came. She hid behind the old stone wall. It was of the same kind."
    assert found(text, "repeated_phrase", language="en") == ["hid behind the old stone wall"]


def test_long_sentences_and_same_openings_are_found() -> None:
    long = "And " * 12 + "then."
    assert found(f"Short. {long} Short.", "long_sentence", language="en", long_sentence_words=10) == [long[:-1]]
    assert found("She ran. She fell. She rose. She won. He saw.", "same_opening", language="en") == ["She"]


def test_grammar_is_checked_in_either_spelling_of_english() -> None:
    british = "The colour of the harbour was grey. This is an test."
    american = "The color of the harbor was gray. This is an test."
    (finding,) = analyse_text(british, findings=("grammar",), language="en")["findings"]
    assert (finding["quote"], finding["suggestions"], finding["made_by"]) == ("an", ["a"], "harper")
    assert found(american, "grammar", language="en") == ["an"]


def test_names_that_a_dictionary_does_not_know_are_no_faults() -> None:
    assert found("Captain Marazul greeted Yvonnick.", "grammar", language="en") == []


def test_sound_prose_is_left_alone() -> None:
    text = "She hid behind the wall, and he shut the door. “Who's there?” she said. He cast a shadow; it beat him."
    assert found(text, "grammar", language="en") == []


def test_a_text_that_is_too_long_for_grammar_says_so() -> None:
    data = analyse_text("This is an test. " * 10, findings=("grammar",), language="en", max_grammar_words=20)
    assert data["findings"] == []
    assert [one["field"] for one in data["not_available"] if one["field"].startswith("findings")] == [
        "findings.grammar"
    ]


def test_all_findings_are_counted_and_only_so_many_listed() -> None:
    data = analyse_text("He ran slowly. " * 30, findings=("adverb",), language="en", max_findings=5)
    assert len(data["findings"]) == 5
    assert data["finding_counts"] == [{"kind": "adverb", "count": 30, "listed": 5, "per_thousand_words": 333.3}]
