"""Readability formulas against values that were published for them, or computed by hand from the published formula."""

import pytest

from reyna.domain.text.reading import readability
from reyna.domain.text.reading.readability import TextCounts
from reyna.domain.text.reading.syllables import count_syllables
from reyna.domain.text.sentences import sentence_spans
from reyna.domain.text.words import words

# Published with their reading ease, 37.5 and 69, in the article "Flesch-Kincaid readability tests" of Wikipedia.
PLATYPUS = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
PASSAGE = "This sentence, taken as a reading passage unto itself, is being used to prove a point."
# The abstract of Coleman and Liau (1975), for which the article "Coleman-Liau index" of Wikipedia gives 119 words,
# 5 sentences, 639 letters or digits, and an index of 14.5.
ABSTRACT = (
    "Existing computer programs that measure readability are based largely upon subroutines which estimate number of "
    "syllables, usually by counting vowels. The shortcoming in estimating syllables is that it necessitates "
    "keypunching the prose into the computer. There is no need to estimate syllables since word length in letters is "
    "a better predictor of readability than word length in syllables. Therefore, a new readability formula was "
    "computed that has for its predictors letters per 100 words and sentences per 100 words. Both predictors can be "
    "counted by an optical scanning device, and thus the formula makes it economically feasible for an organization "
    "such as the U.S. Office of Education to calibrate the readability of all textbooks for the public school system."
)


def counts(text: str, language: str = "en") -> tuple[int, int, int]:
    """Words, sentences and syllables as the product counts them."""
    found = words(text)
    return len(found), len(sentence_spans(text)), sum(count_syllables(word, language) for word in found)


@pytest.mark.parametrize(
    ("text", "counted", "ease"), [(PLATYPUS, (13, 1, 24), 37.5), (PASSAGE, (16, 1, 23), 69.0)], ids=["37.5", "69"]
)
def test_reading_ease_is_the_published_one(text: str, counted: tuple[int, int, int], ease: float) -> None:
    assert counts(text) == counted
    assert readability.reading_ease(*counted) == pytest.approx(ease, abs=0.1)


def test_the_limits_of_flesch_are_the_published_ones() -> None:
    """One word of one syllable: 121.22, the highest reading ease, and -3.40, the lowest grade."""
    assert readability.reading_ease(1, 1, 1) == pytest.approx(121.22)
    assert readability.grade_level(1, 1, 1) == pytest.approx(-3.40)


def test_coleman_liau_of_its_own_abstract_is_the_published_one() -> None:
    found = words(ABSTRACT)
    characters = sum(sign.isalnum() for sign in "".join(found))
    assert (len(found), len(sentence_spans(ABSTRACT)), characters) == (119, 5, 639)
    assert readability.coleman_liau(119, 5, 639) == pytest.approx(14.5, abs=0.1)


@pytest.mark.parametrize(("polysyllables", "grade"), [(1, 4), (5, 5), (10, 6), (16, 7), (25, 8), (36, 9), (49, 10)])
def test_smog_agrees_with_the_conversion_table(polysyllables: int, grade: int) -> None:
    """H. C. McGraw's table for 30 sentences, as it is printed with the formula."""
    assert round(readability.smog(30, polysyllables)) == grade


def test_the_other_formulas_are_computed_as_they_are_printed() -> None:
    assert readability.gunning_fog(100, 5, 10) == pytest.approx(0.4 * (20 + 10))
    assert readability.automated_readability(100, 5, 450) == pytest.approx(4.71 * 4.5 + 10 - 21.43)
    assert readability.amstad(100, 10, 170) == pytest.approx(180 - 10 - 58.5 * 1.7)
    assert readability.fernandez_huerta(100, 5, 200) == pytest.approx(206.84 - 120 - 20.4)
    assert readability.szigriszt_pazos(100, 5, 200) == pytest.approx(206.835 - 124.6 - 20)
    assert readability.kandel_moles(100, 5, 160) == pytest.approx(207 - 20.3 - 117.76)
    assert readability.lix(100, 5, 25) == pytest.approx(20 + 25)


def test_the_vienna_formula_is_computed_as_it_is_printed() -> None:
    """0.1935 MS + 0.1672 SL + 0.1297 IW - 0.0327 ES - 0.875, with MS, IW and ES in per cent."""
    given = TextCounts(
        words=100,
        sentences=10,
        letters=500,
        characters=500,
        syllables=170,
        monosyllables=50,
        polysyllables=20,
        long_words=30,
    )
    printed = 0.1935 * 20 + 0.1672 * 10 + 0.1297 * 30 - 0.0327 * 50 - 0.875
    assert readability.wiener_sachtextformel(given) == pytest.approx(printed)


def test_a_german_sentence_is_measured_by_amstad() -> None:
    """Counted by hand: Der Zug hielt um Mit-ter-nacht, und nie-mand stieg aus: 9 words, 12 syllables."""
    counted = counts("Der Zug hielt um Mitternacht, und niemand stieg aus.", "de")
    assert counted == (9, 1, 12)
    assert readability.amstad(*counted) == pytest.approx(180 - 9 - 58.5 * 12 / 9)
