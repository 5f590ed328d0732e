"""An estimate of the tokens that a language model sees in a text, without the vocabulary of any model."""

import math
from typing import Final

# By the writing system, for the usual vocabularies: about four letters of English to a token (OpenAI's guide), two of
# Cyrillic, Greek or Arabic, and one sign of Chinese, Japanese or Korean. An emoji takes two tokens or more.
TOKENS_PER_ASCII: Final = 0.25
TOKENS_PER_LETTER: Final = 0.45
TOKENS_PER_SYLLABLE_SIGN: Final = 0.9
TOKENS_PER_EMOJI: Final = 2.0
FIRST_SYLLABLE_SIGN: Final = "\u2e80"  # East Asian writing begins here
FIRST_SUPPLEMENTARY: Final = "\U00010000"


def estimate_tokens(text: str) -> int:
    """Returns about how many tokens a text has, at least 1 for a text that is not empty."""
    if text.isascii():
        return math.ceil(len(text) * TOKENS_PER_ASCII)
    return math.ceil(sum(map(_tokens_of, text)))


def _tokens_of(sign: str) -> float:
    if sign.isascii():
        return TOKENS_PER_ASCII
    if sign < FIRST_SYLLABLE_SIGN:
        return TOKENS_PER_LETTER
    return TOKENS_PER_SYLLABLE_SIGN if sign < FIRST_SUPPLEMENTARY else TOKENS_PER_EMOJI
