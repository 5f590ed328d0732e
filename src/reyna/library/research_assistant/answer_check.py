"""The check of a model's answer: every sentence has its citation, every quotation is found letter by letter."""

# ruff: noqa: RUF001 - quotation marks of several languages are what this is about
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.domain.text.folding import fold
from reyna.domain.text.languages import changes_language
from reyna.domain.text.names import remove_controls
from reyna.domain.text.sentences import split_sentences
from reyna.library.research_assistant.question import STOP_WORDS, terms_of
from reyna.library.research_assistant.sources.found_source import FoundSource

MAX_SENTENCE_CHARACTERS: Final = 2_000
MAX_QUESTION_CHARACTERS: Final = 500
MAX_OPEN_QUESTIONS: Final = 20
MIN_QUOTATION_WORDS: Final = 3  # fewer in quotation marks are a term, and not somebody's words
CITATION: Final = re.compile(r"\s*\[\s*\d+(?:\s*[,;–-]\s*\d+)*\s*\]")
NUMBER: Final = re.compile(r"\d+")
ADDRESS: Final = re.compile(r"https?://|www\.|\]\(|<[a-z/!]", re.IGNORECASE)
QUOTATION: Final = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|»([^«»]+)«|\"([^\"]+)\"")
Drop = Literal["no_source", "address", "quotation_not_found", "not_in_source"]


class CheckedSentence(msgspec.Struct, frozen=True):
    """A sentence with the numbers of its sources, counted from 1; `quote` is found in the source `quoted`."""

    text: str
    numbers: tuple[int, ...]
    quote: str | None = None
    quoted: int | None = None


class DroppedSentence(msgspec.Struct, frozen=True):
    """A sentence of the model that is not in the answer, and why."""

    sentence: str
    reason: Drop


class CheckedAnswer(msgspec.Struct, frozen=True):
    sentences: list[CheckedSentence]
    dropped: list[DroppedSentence]
    removed_quotations: list[str]
    open_questions: list[str]


def check_answer(answer: Mapping[str, Any], sources: Sequence[FoundSource]) -> CheckedAnswer:
    """Returns what holds of an answer that fits its schema, and lists what does not."""
    checked = CheckedAnswer([], [], [], _open_questions(answer["open_questions"]))
    for given in answer["sentences"] if answer["answered"] else ():
        for sentence in split_sentences(remove_controls(given["text"])):
            _check_sentence(sentence, given, sources, checked)
    return checked


def find_quotation(quotation: str, sources: Sequence[FoundSource], numbers: Sequence[int]) -> int | None:
    """Returns the number of the source that has these very words; only the white space between them may differ."""
    wanted = " ".join(quotation.split())
    return next((number for number in numbers if wanted in " ".join(sources[number - 1].text.split())), None)


def _check_sentence(
    sentence: str, given: Mapping[str, Any], sources: Sequence[FoundSource], checked: CheckedAnswer
) -> None:
    text = shorten(CITATION.sub("", sentence).strip(), MAX_SENTENCE_CHARACTERS)
    if not text:
        return
    numbers = _valid_numbers(sentence, given["sources"], len(sources))
    false_quotations = [one for one in quotations_in(text) if find_quotation(one, sources, numbers) is None]
    reason = _reason_against(text, numbers, sources, has_false_quotation=bool(false_quotations))
    if reason is not None:
        checked.dropped.append(DroppedSentence(text, reason))
        if reason == "quotation_not_found":
            checked.removed_quotations.extend(false_quotations)
        return
    quote = " ".join(remove_controls(given["quote"]).split()).strip('"“”„«»')
    quoted = find_quotation(quote, sources, numbers) if quote else None
    if quote and quoted is None and quote not in checked.removed_quotations:
        checked.removed_quotations.append(shorten(quote, MAX_SENTENCE_CHARACTERS))
    checked.sentences.append(CheckedSentence(text, numbers, quote if quoted else None, quoted))


def quotations_in(text: str) -> list[str]:
    """Returns the quotations of a sentence, without their marks and the comma or full stop before the last one."""
    found = ("".join(group or "" for group in match.groups()) for match in QUOTATION.finditer(text))
    return [one.strip(" ,.;\u00a0\u202f") for one in found if len(one.split()) >= MIN_QUOTATION_WORDS]


def _reason_against(
    text: str, numbers: Sequence[int], sources: Sequence[FoundSource], *, has_false_quotation: bool
) -> Drop | None:
    if not numbers:
        return "no_source"
    if ADDRESS.search(text):
        return "address"
    if has_false_quotation:
        return "quotation_not_found"
    cited = [sources[number - 1] for number in numbers]
    return None if shares_words(text, cited) else "not_in_source"


def shares_words(sentence: str, sources: Sequence[FoundSource]) -> bool:
    """Tells whether a sentence has any word that matters in common with its sources. One in another language or script
    cannot be compared so, and passes, as one without such a word does."""
    words = {term for term in terms_of(sentence) if term not in STOP_WORDS and len(term) > 1}
    texts = " ".join(f"{source.title} {source.text}" for source in sources)
    if not words or is_latin(sentence) != is_latin(texts) or changes_language(sentence, texts):
        return True
    return bool(words.intersection(terms_of(texts)))


def is_latin(text: str) -> bool:
    """Tells whether most letters of a text are Latin ones."""
    letters = [sign for sign in fold(text) if sign.isalpha()]
    return sum(sign.isascii() for sign in letters) * 2 >= len(letters)


def _valid_numbers(sentence: str, given: Sequence[int], count: int) -> tuple[int, ...]:
    """Returns the numbers of sources that there are: those in the sentence, or else those given with it."""
    own = [int(number) for mark in CITATION.findall(sentence) for number in NUMBER.findall(mark)[:10]]
    return tuple(number for number in dict.fromkeys(own or given) if 1 <= number <= count)


def _open_questions(given: Sequence[str]) -> list[str]:
    cleaned = (shorten(" ".join(remove_controls(one).split()), MAX_QUESTION_CHARACTERS) for one in given)
    return [one for one in cleaned if one and not ADDRESS.search(one)][:MAX_OPEN_QUESTIONS]
