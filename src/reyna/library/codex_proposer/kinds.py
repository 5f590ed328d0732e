"""The kind of what a name names - a character, a place or an object - by the words that stand beside it."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from reyna.library.codex_proposer.mentions import NameMention
from reyna.library.codex_proposer.word_lists import PLACE_WORDS

Kind = Literal["character", "place", "object"]
TITLE_WEIGHT: Final = 3.0
SPEECH_WEIGHT: Final = 3.0
ACTION_WEIGHT: Final = 1.5
PLACE_WEIGHT: Final = 2.0
PLACE_WORD_WEIGHT: Final = 100.0
ARTICLE_WEIGHT: Final = 1.5
CHARACTER_PRIOR: Final = 0.5  # most names of a story are of people


class JudgedKind(msgspec.Struct, frozen=True):
    """A kind, how clear it is (0 to 1), and the signs that speak for it."""

    kind: Kind
    confidence: float
    signs: tuple[str, ...]


def judge_kind(mentions: Iterable[NameMention]) -> JudgedKind:
    """Returns the kind with the most weight of all mentions of one name."""
    weights: dict[Kind, float] = {"character": CHARACTER_PRIOR, "place": 0.0, "object": 0.0}
    signs: dict[str, Kind] = {}
    for mention in mentions:
        if mention.form.words[-1].lower() in PLACE_WORDS and len(mention.form.words) > 1:
            weights["place"] += PLACE_WORD_WEIGHT
            signs["place_word"] = "place"
        if mention.form.title:
            weights["character"] += TITLE_WEIGHT
            signs["title"] = "character"
        if mention.speaks:
            weights["character"] += SPEECH_WEIGHT
            signs["speech"] = "character"
        if mention.acts:
            weights["character"] += ACTION_WEIGHT
            signs["action"] = "character"
        if mention.located and not mention.form.title:
            weights["place"] += PLACE_WEIGHT
            signs["preposition"] = "place"
        if mention.determined and not mention.form.title:
            weights["object"] += ARTICLE_WEIGHT
            signs["article"] = "object"
    if signs.get("speech") or signs.get("title"):
        weights["object"] = 0.0  # "the Hatter" speaks
    kind = max(weights, key=lambda one: weights[one])
    share = weights[kind] / sum(weights.values())
    return JudgedKind(kind, round(share, 2), tuple(sorted(sign for sign, of in signs.items() if of == kind)))
