"""A text is split into sentences where a reader would stop."""
# ruff: noqa: RUF001 - marks of several languages are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.sentences import is_finished, sentence_spans, split_sentences


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
        ("The U.S. Office agreed. So did J. R.", ["The U.S. Office agreed.", "So did J. R."]),
        ("« Arrête ! » dit-il. Puis rien.", ["« Arrête ! » dit-il.", "Puis rien."]),
        ("« Non ! » Elle part.", ["« Non ! »", "Elle part."]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, found: list[str]) -> None:
    assert split_sentences(text) == found


def test_sentences_of_a_quotation_count_one_by_one() -> None:
    text = "“Stop! Go away. Now,” he said. She ran."
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert found == ["“Stop!", "Go away.", "Now,” he said.", "She ran."]


def test_a_book_without_a_line_break_is_split_in_a_moment() -> None:
    assert len(sentence_spans('He said "yes. No." She left. ' * 20_000)) == 60_000
    assert len(split_sentences('"' + "Yes. " * 50_000)) == 50_000


@given(st.text(alphabet='aB .!?\n\r"“”„»«…。\u2028', max_size=60), st.booleans())
def test_every_place_is_inside_the_text_and_after_the_one_before(text: str, whole: bool) -> None:
    spans = sentence_spans(text, whole_quotations=whole)
    ends = [0, *(end for _, end in spans)]
    assert all(before <= start < end <= len(text) for before, (start, end) in zip(ends, spans, strict=False))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@given(st.text(max_size=300))
def test_no_text_loses_a_word_between_its_sentences(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("sentence", ["Yes.", '"Yes."', "Really?!", "Yes 🎉".replace("s ", "s! "), "And so on…"])
def test_a_finished_sentence_is_known(sentence: str) -> None:
    assert is_finished(sentence)


@pytest.mark.parametrize("sentence", ["and then the", "First:", "one,"])
def test_an_unfinished_sentence_is_known(sentence: str) -> None:
    assert not is_finished(sentence)
