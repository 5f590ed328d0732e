"""A text is split into sentences where a reader would stop."""
# ruff: noqa: RUF001 - marks of several languages are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.library.text_expansion.sentences import is_finished, split_sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith met Dr. Jones. They left.", ["Mr. Smith met Dr. Jones.", "They left."]),
        ("It cost 3.50 dollars. J. R. Hale paid.", ["It cost 3.50 dollars.", "J. R. Hale paid."]),
        ('"Stop!" he said. "Go on. Now." She ran.', ['"Stop!" he said.', '"Go on. Now."', "She ran."]),
        ("“Why?” she asked. Nobody knew…", ["“Why?” she asked.", "Nobody knew…"]),
        ("„Halt. Wer da?“ Stille.", ["„Halt. Wer da?“", "Stille."]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("A title\n- milk\n- bread and butter", ["A title", "- milk", "- bread and butter"]),
        ("Siehe z.B. Seite 3. Ende.", ["Siehe z.B. Seite 3.", "Ende."]),
        ("嵐だ。船は進む。", ["嵐だ。", "船は進む。"]),
        ("「行け！」彼は走った。「待て。」と言った。", ["「行け！」", "彼は走った。", "「待て。」と言った。"]),
        ("هل أنت هنا؟ نعم.", ["هل أنت هنا؟", "نعم."]),
        ("क्या वह आया? वह आया। सब ठीक है॥", ["क्या वह आया?", "वह आया।", "सब ठीक है॥"]),
        ("کیا حال ہے؟ ٹھیک ہے۔ شکریہ۔", ["کیا حال ہے؟", "ٹھیک ہے۔", "شکریہ۔"]),
        ("ሰላም ዓለም። ደህና ነኝ።", ["ሰላም ዓለም።", "ደህና ነኝ።"]),
        ("Բարեւ։ Ինչպես ես։", ["Բարեւ։", "Ինչպես ես։"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, found: list[str]) -> None:
    assert split_sentences(text) == found


@given(st.text(max_size=300))
def test_no_text_loses_a_word_between_its_sentences(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("sentence", ["Yes.", '"Yes."', "Really?!", "Yes 🎉".replace("s ", "s! "), "And so on…"])
def test_a_finished_sentence_is_known(sentence: str) -> None:
    assert is_finished(sentence)


@pytest.mark.parametrize("sentence", ["and then the", "First:", "one,"])
def test_an_unfinished_sentence_is_known(sentence: str) -> None:
    assert not is_finished(sentence)
