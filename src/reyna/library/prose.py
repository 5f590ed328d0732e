"""What can be said of a text by counting: its words, its sentences, how hard it is to read, and its tone."""

# ruff: noqa: RUF001 - quotes and marks of several languages are what this is about
import re
from typing import Final, Literal

import msgspec

Tone = Literal["neutral", "warm", "tense", "formal", "lively"]


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


CJK: Final = re.compile(r"[぀-ヿ㐀-鿿豈-﫿]")
END: Final = re.compile(r"[.!?…。！？]+[\"'”’»“)\]*_]*(?=\s|$)|[。！？]")
ABBREVIATIONS: Final = listed(
    "mr mrs ms dr prof st vs etc e.g i.e no fig jr sr inc ltd co approx dept est vol z.b d.h u.a bzw ca usw nr str"
)
VOWELS: Final = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ]+", re.IGNORECASE)
SILENT_END: Final = re.compile(r"(?:[^aeiouyl]e|[^aeiouy]les|[^aeiouytd]ed|[^aeiouysxzcgl]es)$", re.IGNORECASE)
EMOJI: Final = re.compile("[\U0001f300-\U0001faff☀-➿]")
FINISHED: Final = re.compile(r"[.!?…。！？][\"'”’»“)\]*_]*$|[.!?…][\"'”’»“)\]*_]*\s*[\U0001f300-\U0001faff☀-➿️\s]+$")
CONTRACTION: Final = re.compile(r"\w['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)

# a word of these for every hundred words colours a text; English only
WARM: Final = listed(
    "love loved loving smile smiled warm warmth gentle gently kind kindness friend friends hug hugged together happy "
    "tender thank thanks dear laugh laughed laughter joy welcome comfort cosy cozy home heart"
)
TENSE: Final = listed(
    "fear feared afraid scream screamed dark darkness storm danger dangerous blood dead death die died kill killed gun "
    "panic threat threatened trembled trembling shouted desperate desperately broke thunder enemy alarm hunted "
    "suddenly"
)
COLOURED: Final = 1.2  # such words for every 100 that make a text warm or tense
LIVELY: Final = 0.2  # of the sentences end with an exclamation mark or hold an emoji
FORMAL: Final = 5.2  # letters of a word on average; fiction has about 4.3, reports about 5.3


class Metrics(msgspec.Struct, frozen=True):
    """`reading_ease` is about 0 (hard) to 100 (easy), `grade_level` is years of school; both are made for English."""

    words: int
    sentences: int
    reading_ease: float
    grade_level: float
    tone: Tone


def words(text: str) -> list[str]:
    """What stands between spaces and holds a letter or a digit; of Chinese and Japanese, each sign."""
    found: list[str] = []
    for token in text.split():
        if signs := CJK.findall(token):
            found.extend(signs)
        elif any(sign.isalnum() for sign in token):
            found.append(token)
    return found


def count(text: str) -> int:
    return len(words(text))


def sentences(text: str) -> list[str]:
    """The sentences in order, each with its closing mark and quotes; the end of a line ends a sentence too.

    A full stop does not end one after an abbreviation or an initial, nor while a quotation of this line is open.
    """
    found: list[str] = []
    for line in text.splitlines():
        start = 0
        for end in END.finditer(line):
            sentence = line[start : end.end()]
            if not _goes_on(sentence, line[end.end() :]):
                found.append(sentence.strip())
                start = end.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _goes_on(sentence: str, rest: str) -> bool:
    last = sentence.split()[-1] if sentence.split() else ""
    if last.endswith(".") and (
        last.rstrip(".").lower().lstrip("(\"'“") in ABBREVIATIONS or re.fullmatch(r"[A-Z]\.", last)
    ):
        return bool(rest.strip())
    if re.match(r"\s*[a-z]", rest) and re.search(r"[!?…][\"'”’»“]+$|\.\.\.$|…$", sentence):
        return True  # “Stop!” he said
    return is_open(sentence) and not is_open(sentence + rest)


def is_open(text: str) -> bool:
    """Whether a quotation begins in this text and does not end in it."""
    if text.count('"') % 2:
        return True
    if "„" in text:  # “ closes in German, and opens in English
        return text.count("„") > text.count("“") + text.count("”")
    return text.count("“") > text.count("”")


def is_finished(sentence: str) -> bool:
    """Whether it ends as a sentence does (a closing quote, bracket or emoji may follow)."""
    return FINISHED.search(sentence.strip()) is not None


def syllables(word: str) -> int:
    """Groups of vowels, without a silent ending (-e, -es, -ed, but not -le, -ted, -ded), at least one.

    The usual heuristic for English: right for about nine words in ten, and too high or too low by one otherwise.
    """
    letters = "".join(sign for sign in word if sign.isalpha())
    groups = len(VOWELS.findall(letters))
    if groups > 1 and SILENT_END.search(letters):
        groups -= 1
    return max(1, groups)


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """Flesch reading ease: R. Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948)."""
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words


def grade_level(words: int, sentences: int, syllables: int) -> float:
    """Flesch-Kincaid grade level: J. P. Kincaid et al., Research Branch Report 8-75, US Navy (1975)."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def tone(text: str) -> Tone:
    """The first of these that holds: lively (at least a fifth of the sentences end with "!" or hold an emoji), warm or
    tense (at least 1.2 of every 100 words are of a short English list; the longer list of hits wins), formal (words of
    5.2 letters or more on average, and no contraction), else neutral.

    It counts signs, it understands nothing: irony, and languages other than English, mostly come out as neutral.
    """
    spoken, lines = words(text), sentences(text)
    if not spoken:
        return "neutral"
    if sum("!" in line[-3:] or EMOJI.search(line) is not None for line in lines) >= LIVELY * len(lines):
        return "lively"
    bare = ["".join(sign for sign in word.lower() if sign.isalpha()) for word in spoken]
    warm, tense = sum(word in WARM for word in bare), sum(word in TENSE for word in bare)
    if max(warm, tense) >= COLOURED * len(bare) / 100:
        return "warm" if warm > tense else "tense"
    if sum(map(len, bare)) >= FORMAL * len(bare) and not CONTRACTION.search(text):
        return "formal"
    return "neutral"


def metrics(text: str) -> Metrics:
    """All of it at once; a text without a word is 0 everywhere."""
    spoken, lines = words(text), sentences(text)
    if not spoken:
        return Metrics(0, 0, 0.0, 0.0, "neutral")
    beats = sum(map(syllables, spoken))
    return Metrics(
        words=len(spoken),
        sentences=len(lines),
        reading_ease=round(reading_ease(len(spoken), len(lines), beats), 1),
        grade_level=round(grade_level(len(spoken), len(lines), beats), 1),
        tone=tone(text),
    )
