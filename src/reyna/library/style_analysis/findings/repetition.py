"""Words and phrases that are repeated near each other."""

from collections import defaultdict, deque
from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import Findings, finding_at, is_content_word

PHRASE_WORDS: Final = 3  # of a phrase, at least
PHRASE_WINDOW_FACTOR: Final = 5  # times the window of a word, within which a phrase is heard again
MIN_CONTENT_WORDS: Final = 2  # of a phrase, without which it is only grammar
MAX_NAME_SHARE: Final = 0.5  # of the places of a word, at which it has a capital inside of a sentence


def find_repeated_words(document: Document, *, count: int, window: int) -> Findings:
    """Yields each place of a content word at which it stands for the `count`th time within so many words.

    Names are left out: their repetition is no fault.
    """
    names = _names_in(document)
    recent: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=count))
    for number, word in enumerate(document.words):
        if word in names or not is_content_word(document, word):
            continue
        places = recent[word]
        places.append(number)
        if len(places) == count and number - places[0] < window:
            message = f"“{word}” stands here {count} times within {number - places[0] + 1} words."
            yield finding_at("repeated_word", document.spans[number], message)


def find_repeated_phrases(document: Document, *, window: int) -> Findings:
    """Yields the second of two places of the same three words or more, of which two carry meaning."""
    words, seen = document.words, dict[tuple[str, ...], int]()
    for first, after in document.ranges:
        number = begin = first
        while number + PHRASE_WORDS <= after:
            phrase = tuple(words[number : number + PHRASE_WORDS])
            before, seen[phrase] = seen.get(phrase), number
            if before is None or number - before > window * PHRASE_WINDOW_FACTOR or not _is_telling(document, phrase):
                number += 1
                continue
            start = number - _common_length_before(words, before, number, begin)
            number = begin = number + _common_length(words, before, number, after)
            span = document.span_of(start, begin - 1)
            yield finding_at("repeated_phrase", span, f"“{' '.join(words[start:begin])}” stands shortly before, too.")


def _names_in(document: Document) -> frozenset[str]:
    """Returns the words that mostly have a capital where no sentence begins; none in German, whose nouns all do."""
    profile = document.language.profile
    if profile is not None and profile.writes_nouns_with_capitals:
        return frozenset()
    inside: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number, word in enumerate(document.words):
        if not document.starts_sentence(number):
            counts = inside[word]
            counts[0] += document.is_capitalized(number)
            counts[1] += 1
    return frozenset(word for word, (capitals, all) in inside.items() if capitals > MAX_NAME_SHARE * all)


def _is_telling(document: Document, phrase: tuple[str, ...]) -> bool:
    return sum(is_content_word(document, word) for word in phrase) >= MIN_CONTENT_WORDS


def _common_length(words: list[str], before: int, number: int, after: int) -> int:
    length = PHRASE_WORDS
    while number + length < after and before + length < number and words[before + length] == words[number + length]:
        length += 1
    return length


def _common_length_before(words: list[str], before: int, number: int, begin: int) -> int:
    length = 0
    while number - length > begin and before - length > 0 and words[before - length - 1] == words[number - length - 1]:
        length += 1
    return length
