"""What a text has lost of its source, and what it has added."""

import pytest

from reyna.library.fidelity.checks import find_missing, find_new_names
from reyna.library.fidelity.finding import findings_as_data
from reyna.library.fidelity.paragraphs import remove_repeated_paragraphs
from reyna.library.fidelity.voice import find_changed_voice, voice_in_words

LETTER = 'Mara read the letter from Lisbon. It was 3 May; eleven people had signed it. "Come home," it said.'


def missing(source: str, result: str, language: str = "English") -> list[tuple[str, str]]:
    return [(finding.kind, finding.text) for finding in find_missing(source, result, language)]


def test_a_faithful_text_has_no_findings() -> None:
    faithful = (
        "On 3 May Mara held the letter that had come from Lisbon. “Come home”, it said, and 11 people had signed."
    )
    assert missing(LETTER, faithful) == []


def test_names_numbers_and_quotations_that_are_gone_are_named() -> None:
    assert missing(LETTER, "She read the letter. Come back, it said. Ten people had signed it in May.") == [
        ("missing_name", "Lisbon"),
        ("missing_number", "3"),
        ("missing_number", "eleven"),
        ("missing_quote", "Come home,"),
    ]


def test_the_place_of_what_is_missing_is_in_the_source() -> None:
    (finding,) = find_missing("They sailed to Lisbon.", "They sailed.", "English", at=100)
    assert (finding.where, finding.start, finding.end) == ("source", 115, 121)


@pytest.mark.parametrize(
    ("language", "source", "result"),
    [
        ("German", "Anna hatte sieben Briefe und 1.000 Mark.", "Annas Tisch trug 7 Briefe, dazu die 1000 Mark."),
        ("Spanish", "Nadie en Toledo tenía veinte años.", "A los 20 años, nadie quería vivir en Toledo."),
        ("French", "Le soir, Émile compta douze lettres.", "Ce soir-là, Émile compta les 12 lettres."),
        ("English", "They had 1,000 men and twenty ships.", "The 1000 men stood by 20 ships."),
    ],
)
def test_a_number_may_be_written_otherwise(language: str, source: str, result: str) -> None:
    assert missing(source, result, language) == []


def test_new_names_are_marked_once_and_those_of_the_book_are_known() -> None:
    result = "Mara waited. At the door stood Tom Riley, and with Tom Riley came Inez. Nobody had sent for Tom."
    found = find_new_names(result, ["Mara waited.", "Inez is the cook."], "English")
    assert [(finding.kind, finding.text) for finding in found] == [("new_name", "Tom Riley"), ("new_name", "Tom")]
    assert result[found[0].start : found[0].end] == "Tom Riley"


def test_german_nouns_are_no_new_names() -> None:
    result = "Der Sturm riss an den Segeln. Das Schiff war ein Spielball der Wellen, und Frau Lindgren betete."
    found = find_new_names(result, ["Das Schiff fuhr in den Sturm."], "German")
    assert [finding.text for finding in found] == ["Lindgren"]


def test_repeated_paragraphs_go_unless_the_source_repeats_them() -> None:
    text = "The rain fell all night.\n\nHe slept.\n\nThe rain fell  all NIGHT.\n\nHe slept.\n\nMorning."
    assert remove_repeated_paragraphs(text) == "The rain fell all night.\n\nHe slept.\n\nHe slept.\n\nMorning."
    song = "Row, row, row your boat\n\nRow, row, row your boat"
    assert remove_repeated_paragraphs(song, song) == song


PAST = (
    "She walked to the door and looked back. He was asleep. She said nothing, and he knew that she had gone. They were "
    "alone, and she was tired."
)
PRESENT = (
    "I am at the door, and he is asleep. I have a key, and it is cold. My hands are cold too. We are alone, and I am "
    "tired. He has the lamp, and I have nothing; it is late, and we are here."
)


def test_another_point_of_view_and_tense_are_found_where_they_are_clear() -> None:
    assert voice_in_words(PAST) == "third person, past tense"
    assert {finding.kind for finding in find_changed_voice(PAST, PRESENT)} == {"point_of_view", "tense"}
    assert find_changed_voice(PAST, PAST) == []
    assert find_changed_voice("Rain.", PRESENT) == []


def test_findings_are_stored_with_their_place() -> None:
    (data,) = findings_as_data(find_missing("To Lisbon.", "Away.", "English"))
    assert data == {"kind": "missing_name", "text": "Lisbon", "place": {"where": "source", "start": 3, "end": 9}}
