"""The rules by which a sentence of a model is kept or rejected."""

# ruff: noqa: RUF001 - quotes and dashes of several languages are what this is about
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from reyna.domain.text.clusters import truncate
from reyna.domain.text.sentences import has_open_quotation
from reyna.domain.text.words import READABLE, segments, word_count
from reyna.library.text_expansion.word_lists import FIRST_PERSON, FUNCTION_WORDS, SECOND_PERSON

# A small model talks about the text instead of telling it.
ABOUT_THE_TEXT: Final = re.compile(
    r"\b(?:(?:this|the|that|your|my|original|following|given|first|last|next|new|each) "
    r"(?:text|sentence|sentences|phrase|passage|paragraph|prompt|narrator|narrative|excerpt|word|words|writer|author|"
    r"reader|language|story|tone|version|instructions?|translation)\b(?! (?:on|of mouth))"
    r"|as an ai|language model|creative writing|writing style|metaphor\w*|idiom\w*|figurative|imagery|literary|"
    r"literature|cliché\w*|storytelling|in this (?:context|sentence|case|scene)|rephrase\w*|rewrit\w+|"
    r"translates? (?:to|as)|"
    r"i(?:'m| am) (?:here|happy|glad|ready|excited|sorry|sure)\b|i(?:'ll| will) (?:help|rephrase|try to)|help you with|"
    r"feel free|let me know|short story|grammatical\w*|more details?:)",
    re.IGNORECASE,
)
QUOTATION: Final = re.compile(r'"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»')
SUBORDINATE: Final = re.compile(
    r"[\"“„]?(?:as|when|while|if|because|though|although|after|before|since|until|with|in|als|wenn|weil|während)\b",
    re.IGNORECASE,
)  # such a beginning is no sentence without its second half
MAX_COMPARED_SENTENCES: Final = 4_096  # whose words are remembered
STEM_CHARACTERS: Final = 6  # by which words are compared: "thunder" and "thunderous" are the same
MIN_CONTENT_WORD_CHARACTERS: Final = 4
MIN_REPEATED_SHARE: Final = 0.65  # of the content words of a sentence, with which it says nothing new
MIN_CONTAINED_SHARE: Final = 0.8  # of the content words of an earlier sentence, with which it is in this one again
MAX_WORD_REPETITIONS: Final = 3  # of a content word in one sentence
RECENT_SENTENCES: Final = 6  # whose beginnings are compared
MAX_SAME_BEGINNINGS: Final = 2  # among the recent sentences
MIN_SHORTENED_WORDS: Final = 4


@lru_cache(maxsize=MAX_COMPARED_SENTENCES)
def content_words(text: str) -> frozenset[str]:
    """Returns the stems of the words that carry meaning.

    These are words of four letters or more that are no function words, by their first six letters, and words with a
    digit.
    """
    all_words = _words(text)
    numbered = frozenset(word for word in all_words if any(sign.isdigit() for sign in word))
    return numbered | {
        truncate(word, STEM_CHARACTERS)
        for word in all_words
        if len(word) >= MIN_CONTENT_WORD_CHARACTERS and word not in FUNCTION_WORDS and word not in numbered
    }


def is_repetition(sentence: str, earlier: Iterable[str]) -> bool:
    """Returns True when an earlier sentence said nearly the same, or nearly all of an earlier one is in it again."""
    content, plain = content_words(sentence), _normalize(sentence)
    for other in earlier:
        before = content_words(other)
        if plain == _normalize(other):
            return True
        shared = len(content & before)
        if len(content) >= 2 and shared >= MIN_REPEATED_SHARE * len(content):
            return True
        if len(before) >= 3 and shared >= MIN_CONTAINED_SHARE * len(before):
            return True
    return False


def is_looping(sentence: str, source: str = "") -> bool:
    """Returns True when three words in a row come twice and do so not in the source, or a content word four times."""
    all_words = _words(sentence)
    trigrams = _trigrams(all_words)
    repeatable = set(_trigrams(_words(source)))
    if any(trigrams.count(trigram) > 1 for trigram in set(trigrams) - repeatable):
        return True
    long_words = [word for word in all_words if len(word) >= MIN_CONTENT_WORD_CHARACTERS]
    return any(long_words.count(word) > MAX_WORD_REPETITIONS for word in set(long_words))


def _words(text: str) -> list[str]:
    """Returns the words in lower case, without joints; Chinese and Japanese as a dictionary divides them."""
    return [word for segment in segments(text.lower()) if (word := segment.strip("_")) and READABLE.search(word)]


def _trigrams(words: list[str]) -> list[tuple[str, str, str]]:
    return list(zip(words, words[1:], words[2:], strict=False))


def is_about_the_text(sentence: str, source: str) -> bool:
    """Returns True when the sentence speaks about the text or to the user, and the source does not."""
    found = ABOUT_THE_TEXT.search(sentence)
    return found is not None and found[0].lower() not in source.lower()


def changes_narrator(sentence: str, source: str) -> bool:
    """Returns True when it says "I" or "you" outside quotations, and the source does not.

    Mostly English and German.
    """
    now, before = _words_outside_quotations(sentence), _words_outside_quotations(source)
    return any(now & person and not before & person for person in (FIRST_PERSON, SECOND_PERSON))


def begins_alike(sentence: str, earlier: Sequence[str]) -> bool:
    """Returns True when two of the last six sentences begin with the same two words as this one."""
    opening = _normalize(sentence).split()[:2]
    return sum(_normalize(other).split()[:2] == opening for other in earlier[-RECENT_SENTENCES:]) >= MAX_SAME_BEGINNINGS


def content_word_share(text: str, source: str) -> float:
    """Returns the share of the source's content words (0 to 1) that are in the text; 1 when it has none."""
    wanted = content_words(source)
    return len(wanted & content_words(text)) / len(wanted) if wanted else 1.0


def shorten_sentence(sentence: str, max_words: int) -> str | None:
    """Returns the sentence up to its last comma, semicolon or dash within so many words, with a full stop, or None."""
    best = None
    if SUBORDINATE.match(sentence):
        return None
    for mark in re.finditer(r"[,;:]\s|\s[—–-]\s", sentence):
        head = sentence[: mark.start()]
        if MIN_SHORTENED_WORDS <= word_count(head) <= max_words and not has_open_quotation(head):
            best = head
    return f"{best.rstrip()}." if best else None


@lru_cache(maxsize=MAX_COMPARED_SENTENCES)
def _normalize(sentence: str) -> str:
    return " ".join(_words(sentence))


def _words_outside_quotations(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+(?:'[a-z]+)?", QUOTATION.sub(" ", text).lower().replace("’", "'")))
