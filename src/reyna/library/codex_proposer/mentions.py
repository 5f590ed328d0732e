"""Mentions of names in a text: each with its title, its words, its place, and the signs of what it names."""

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from reyna.library.codex_proposer.word_lists import (
    ARTICLES,
    NOT_NAMES,
    PARTICLES,
    PEOPLE_VERBS,
    PLACE_PREPOSITIONS,
    PRONOUNS,
    ROLES,
    SPEECH_VERBS,
    TITLES,
)
from reyna.library.codex_proposer.words import NameStatistics, TextWord

MAX_NAME_WORDS: Final = 5
PRONOUN_DISTANCE_WORDS: Final = 14
JOINING: Final = re.compile(r"\.?[ \u00a0]|\.?[ ]?\r?\n[ \t]*|\.")


class NameForm(msgspec.Struct, frozen=True):
    """A name as it is written, its title apart, in lower case: `Mr.` and `Bennet` of "Mr. Bennet"."""

    words: tuple[str, ...]
    title: str | None = None

    @property
    def as_printed(self) -> str:
        name = " ".join(self.words)
        return f"{_shown_title(self.title)} {name}" if self.title else name


class NameMention(msgspec.Struct, frozen=True):
    """One mention. `speaks` and `acts`: the words beside it are of people; `located`: a preposition of place is before
    it; `determined`: "the" is. `pronoun` is the gender of the next pronoun, if one follows soon."""

    form: NameForm
    start: int
    end: int
    speaks: bool = False
    acts: bool = False
    located: bool = False
    determined: bool = False
    pronoun: Literal["female", "male"] | None = None


def find_mentions(text: str, words: Sequence[TextWord], names: NameStatistics, *, strict: bool) -> list[NameMention]:
    """Returns the mentions in order. `strict`, for a language that writes all nouns with a capital: only names with a
    title or beside a verb of people, and those of several words, count."""
    found: list[NameMention] = []
    at = 0
    while at < len(words):
        first, end = _name_at(text, words, at, names)
        if end <= first:
            at += 1
            continue
        mention = _mention(words, at, first, end)
        if not strict or mention.form.title or mention.speaks or mention.acts or end - first > 1:
            found.append(mention)
        at = end
    return found


def _name_at(text: str, words: Sequence[TextWord], at: int, names: NameStatistics) -> tuple[int, int]:
    """Returns the places of the first word after titles and of the one behind the name; the same place for no name."""
    first = at
    while first < len(words) and _is_title(words[first]) and (first == at or _are_joined(text, words, first)):
        first += 1
    if first > at and not _name_follows(text, words, first, names):
        return (first - 1, first) if _is_role(words, first - 1, names) else (first, first)
    end = first
    while end < len(words) and end - first < MAX_NAME_WORDS:
        joined = end == at or _are_joined(text, words, end)
        if not joined or (words[end].begins and end > at):
            break
        if _is_name_word(words[end], names, is_titled=first > at and end == first, is_first=end == first):
            end += 1
            if words[end - 1].possessive:
                break
        elif (end > first or first > at) and (after := _behind_particles(text, words, end, names)):
            end = after
        else:
            break
    return first, end


def _name_follows(text: str, words: Sequence[TextWord], at: int, names: NameStatistics) -> bool:
    if at >= len(words) or not _are_joined(text, words, at) or words[at].begins:
        return False
    is_name = _is_name_word(words[at], names, is_titled=True, is_first=True)
    return is_name or bool(_behind_particles(text, words, at, names))


def _is_role(words: Sequence[TextWord], at: int, names: NameStatistics) -> bool:
    word, before = words[at], words[at - 1] if at else None
    is_determined = before is not None and before.folded in ARTICLES and not word.begins
    return word.folded in ROLES and is_determined and names.is_role(word.shown)


def _is_name_word(word: TextWord, names: NameStatistics, *, is_titled: bool, is_first: bool) -> bool:
    if len(word.shown) == 1:
        return word.shown.isupper() and word.folded not in {"i", "a", "o"} and not is_first
    if word.is_capital and is_titled and word.folded not in NOT_NAMES:
        return True
    return word.is_capital and names.is_name(word.shown)


def _behind_particles(text: str, words: Sequence[TextWord], at: int, names: NameStatistics) -> int:
    """Returns the place behind "de Bourgh" or "of Wight", 0 when no name follows the particles."""
    end = at
    while end < len(words) and words[end].shown in PARTICLES and _are_joined(text, words, end) and end - at < 2:
        end += 1
    follows = end > at and end < len(words) and _are_joined(text, words, end) and not words[end].begins
    return end + 1 if follows and _is_name_word(words[end], names, is_titled=False, is_first=False) else 0


def _is_title(word: TextWord) -> bool:
    return word.folded in TITLES and word.is_capital


def _are_joined(text: str, words: Sequence[TextWord], at: int) -> bool:
    """Tells whether nothing but a space, or the full stop of a title or an initial, is between a word and the last."""
    if at == 0:
        return False
    before, gap = words[at - 1], text[words[at - 1].end : words[at].start]
    if before.possessive or not JOINING.fullmatch(gap):
        return False
    return "." not in gap or before.folded in TITLES or len(before.shown) == 1


def _mention(words: Sequence[TextWord], at: int, first: int, end: int) -> NameMention:
    before = words[at - 1].folded if at and words[at].follows else ""
    speaker = words[at - 2].folded if at > 1 and before in ARTICLES and words[at - 1].follows else before
    after = words[end].folded if end < len(words) and words[end].follows else ""
    titles = [word.folded for word in words[at:first]]
    return NameMention(
        form=NameForm(tuple(word.shown for word in words[first:end]), titles[-1] if titles else None),
        start=words[at].start,
        end=words[end - 1].end,
        speaks=after in SPEECH_VERBS or speaker in SPEECH_VERBS,
        acts=after in PEOPLE_VERBS,
        located=before in PLACE_PREPOSITIONS,
        pronoun=_next_pronoun(words, end),
        determined=before in ARTICLES,
    )


def _next_pronoun(words: Sequence[TextWord], at: int) -> Literal["female", "male"] | None:
    """Returns the gender of the next pronoun among a few words, if no other word with a capital comes before it."""
    for word in words[at : at + PRONOUN_DISTANCE_WORDS]:
        if word.folded in PRONOUNS:
            return PRONOUNS[word.folded]
        if word.is_capital and not word.begins:
            return None
    return None


def _shown_title(title: str | None) -> str:
    """Returns the title as it is printed: `Mr.`, `Lady`."""
    shown = (title or "").capitalize()
    return f"{shown}." if shown in {"Mr", "Mrs", "Ms", "Dr", "Prof", "Rev", "St"} else shown
