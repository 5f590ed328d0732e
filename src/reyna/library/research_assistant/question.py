"""The question of a run: its words that matter, and how far to go."""

import re
from typing import Any, Final, Literal

import msgspec

from reyna.domain.text.folding import fold
from reyna.domain.text.languages import detect_language
from reyna.sdk import Blob, Refuse

Depth = Literal["brief", "standard", "thorough"]

MAX_SEARCHED_WORDS: Final = 12
MIN_STEM_LETTERS: Final = 4
PRIMARY_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?=-|$)")
LANGUAGE_CODES: Final = {
    "English": "en",
    "German": "de",
    "French": "fr",
    "Spanish": "es",
    "Italian": "it",
    "Dutch": "nl",
    "Portuguese": "pt",
}
# A run of letters and digits; of scripts without spaces, each sign.
TOKEN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
ENGLISH_STOP_WORDS: Final = (
    "a about an and any are as at be been between but by can could did do does explain find for from had has have "
    "how i in into is it its me more most much my not of on or our please should so some such tell than that the "
    "their them there these they this those to use used using was we were what when where which who whom whose why "
    "will with would you your"
)
GERMAN_STOP_WORDS: Final = (
    "aber als am auf aus bei das dem den der des die ein eine einem einen einer es fur gibt hat im in ist kann mit "
    "nicht oder sich sind und vom von wann war waren warum was welche welcher welches wer wie wo zu zum zur"
)
FRENCH_STOP_WORDS: Final = (
    "au aux avec ce ces comment dans de du elle en est et il la le les ne ou par pas pour pourquoi quand que quel "
    "quelle quelles quels qui quoi sont sur un une"
)
SPANISH_STOP_WORDS: Final = (
    "al como con cual cuando de del donde el ella en era es la las lo los para pero por porque que quien se son su "
    "un una unos y"
)
STOP_WORDS: Final = frozenset(
    word
    for words in (ENGLISH_STOP_WORDS, GERMAN_STOP_WORDS, FRENCH_STOP_WORDS, SPANISH_STOP_WORDS)
    for word in words.split()
)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`words` are those to search for, as they were written, and `terms` their forms for comparison; `preferred` are
    the sources that the user named, in small letters."""

    text: str
    context: str
    depth: Depth
    words: tuple[str, ...]
    terms: tuple[str, ...]
    preferred: tuple[str, ...] = ()
    language: str = "en"
    blob_id: str | None = None


def read_question(blob: Blob) -> Question:
    """Returns the question of a `research-query-v1`. Raises Refuse when it has no word to search for."""
    data: dict[str, Any] = blob.data
    text = " ".join(data["query"].split())
    words = words_to_search(text)
    if not words:
        raise Refuse("There is no word to search for in this question.")
    return Question(
        text=text,
        context=(data.get("context") or "").strip(),
        depth=data.get("depth") or "standard",
        words=words,
        terms=terms_of(" ".join(words)),
        preferred=tuple(fold(one) for one in data.get("sources") or () if one.strip()),
        language=_language_of(data.get("language"), text),
        blob_id=blob.id,
    )


def words_to_search(text: str) -> tuple[str, ...]:
    """Returns the words that matter, each once; if none does, all of them."""
    written = {fold(word): word for word in reversed(TOKEN.findall(text))}
    ordered = [word for word in dict.fromkeys(map(fold, TOKEN.findall(text))) if word]
    useful = [word for word in ordered if word not in STOP_WORDS] or ordered
    return tuple(written[word] for word in useful[:MAX_SEARCHED_WORDS])


def terms_of(text: str) -> tuple[str, ...]:
    """Returns the words of a text in the form in which they are compared, in order and as often as they occur."""
    return tuple(stem_of(word) for word in TOKEN.findall(fold(text)))


def stem_of(word: str) -> str:
    """Returns the word without the ending of an English plural, so that `tides` finds `tide`."""
    if len(word) <= MIN_STEM_LETTERS or not word.endswith("s") or word.endswith("ss"):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def _language_of(given: str | None, text: str) -> str:
    """Returns the primary code of the language of the answer: the one that is asked for, or that of the question."""
    found = PRIMARY_LANGUAGE.match((given or "").lower())
    return found[0] if found else LANGUAGE_CODES.get(detect_language(text) or "", "en")
