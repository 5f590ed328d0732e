"""The tone of an English text, by word lists and marks."""

import re
from typing import Final, Literal

from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.words import words

Tone = Literal["neutral", "warm", "tense", "formal", "lively"]


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EMOJI: Final = re.compile("[\U0001f300-\U0001faff☀-➿]")
CONTRACTION: Final = re.compile(r"\w['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)  # noqa: RUF001

MIN_TONE_WORDS_PER_HUNDRED: Final = 1.2  # that make a text warm or tense
MIN_LIVELY_SHARE: Final = 0.2  # of the sentences, that end with an exclamation mark or hold an emoji
MIN_FORMAL_LETTERS_PER_WORD: Final = 5.2  # on average; fiction has about 4.3, reports about 5.3
WARM_WORDS: Final = _word_set(
    "love loved loving smile smiled warm warmth gentle gently kind kindness friend friends hug hugged together "
    "happy tender thank thanks dear laugh laughed laughter joy welcome comfort cosy cozy home heart"
)
TENSE_WORDS: Final = _word_set(
    "fear feared afraid scream screamed dark darkness storm danger dangerous blood dead death die died kill killed "
    "gun panic threat threatened trembled trembling shouted desperate desperately broke thunder enemy alarm hunted "
    "suddenly"
)


def detect_tone(text: str) -> Tone:
    """Returns the first tone whose rule holds.

    Lively: at least a fifth of the sentences end with "!" or contain an emoji. Warm or tense: at least 1.2 of every 100
    words are in a short English list; the list with more hits wins. Formal: words of 5.2 letters or more on average,
    and no contraction. Neutral: everything else.

    It only counts: irony, and languages other than English, mostly come out as neutral.
    """
    spoken, lines = words(text), split_sentences(text)
    if not spoken:
        return "neutral"
    if sum("!" in line[-3:] or EMOJI.search(line) is not None for line in lines) >= MIN_LIVELY_SHARE * len(lines):
        return "lively"
    bare = ["".join(sign for sign in word.lower() if sign.isalpha()) for word in spoken]
    warm, tense = sum(word in WARM_WORDS for word in bare), sum(word in TENSE_WORDS for word in bare)
    if max(warm, tense) >= MIN_TONE_WORDS_PER_HUNDRED * len(bare) / 100:
        return "warm" if warm > tense else "tense"
    if sum(map(len, bare)) >= MIN_FORMAL_LETTERS_PER_WORD * len(bare) and not CONTRACTION.search(text):
        return "formal"
    return "neutral"
