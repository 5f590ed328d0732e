"""Proposals: the names of a book as entries that its writer may take into the codex."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.domain.text.folding import fold
from reyna.domain.text.languages import detect_language
from reyna.library.codex_proposer.grouping import Gender, NameGroup, group_forms
from reyna.library.codex_proposer.kinds import JudgedKind, judge_kind
from reyna.library.codex_proposer.mentions import NameForm, NameMention, find_mentions
from reyna.library.codex_proposer.settings import CodexSettings
from reyna.library.codex_proposer.word_lists import GIVEN_NAME_TITLES
from reyna.library.codex_proposer.words import NameStatistics, read_words

CAPITALISING_LANGUAGE: Final = "German"  # writes all nouns with a capital
LANGUAGE_CHARACTERS: Final = 20_000  # of each text, by which the language is recognised
LANGUAGE_TEXTS: Final = 10
CONTEXT_CHARACTERS: Final = 120  # on both sides of a name in a passage
MAX_ALIASES: Final = 30
CHANCE_COUNT: Final = 10  # of a name that once has another beside it
PLURAL_TITLES: Final = (None, "miss")
MIN_PRONOUNS: Final = 2
MIN_PRONOUN_SHARE: Final = 0.6


class DraftText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the book, and where it is from."""

    blob_id: str
    revision: int
    field: str
    text: str


class PlacedMention(msgspec.Struct, frozen=True):
    text: int
    mention: NameMention


class NameProposal(msgspec.Struct, frozen=True):
    """A group of names with all its mentions."""

    group: NameGroup
    judged: JudgedKind
    mentions: list[PlacedMention]


def propose(texts: Sequence[DraftText], settings: CodexSettings) -> list[NameProposal]:
    """Returns the proposals for these texts, the most frequent first."""
    words = [read_words(one.text) for one in texts]
    names = NameStatistics()
    for one in words:
        names.add(one)
    strict = writes_all_nouns_large(texts)
    found = [
        PlacedMention(number, mention)
        for number, (draft, own) in enumerate(zip(texts, words, strict=True))
        for mention in find_mentions(draft.text, own, names, strict=strict)
    ]
    by_form = defaultdict[NameForm, list[PlacedMention]](list)
    for placed in found:
        by_form[placed.mention.form].append(placed)
    _drop_chance_neighbours(by_form)
    counts = {form: len(mentions) for form, mentions in by_form.items()}
    groups = group_forms(counts, _genders_of(by_form))
    proposals = [_proposal(group, by_form) for group in groups]
    single = {form.words[0] for form in counts if len(form.words) == 1}
    return [one for one in proposals if _is_worth(one, settings) and not _is_plural(one, single)][
        : settings.max_proposals
    ]


def writes_all_nouns_large(texts: Sequence[DraftText]) -> bool:
    """Tells whether the texts are in a language that writes all nouns with a capital."""
    beginning = "\n".join(one.text[:LANGUAGE_CHARACTERS] for one in texts[:LANGUAGE_TEXTS])
    return detect_language(beginning) == CAPITALISING_LANGUAGE


def has_capitals(texts: Sequence[DraftText]) -> bool:
    return not texts or any(sign.isupper() for one in texts for sign in one.text)


def proposal_data(
    proposal: NameProposal, texts: Sequence[DraftText], settings: CodexSettings, known: Mapping[str, str]
) -> dict[str, Any]:
    """Returns a proposal as it is stored. `known` are the names of the codex, folded, with their buckets."""
    group = proposal.group
    aliases = _aliases(group)
    names = [group.name, *(alias["name"] for alias in aliases)]
    data = {
        "name": group.name,
        "kind": proposal.judged.kind,
        "confidence": proposal.judged.confidence,
        "signs": list(proposal.judged.signs),
        "count": group.count,
        "texts": len({one.text for one in proposal.mentions}),
        "aliases": aliases,
        "perhaps_same_as": group.perhaps[:MAX_ALIASES],
        "passages": [_passage(one, texts) for one in _spread(proposal.mentions, settings.max_passages)],
        "bucket": {
            "name": group.name,
            "type": proposal.judged.kind,
            "metadata": {"aliases": [name for name in names if name != group.name]},
        },
    }
    bucket_id = next((known[fold(name)] for name in names if fold(name) in known), None)
    return data | ({"known_bucket_id": bucket_id} if bucket_id else {})


def _proposal(group: NameGroup, by_form: Mapping[NameForm, list[PlacedMention]]) -> NameProposal:
    mentions = sorted(
        (one for form in group.forms for one in by_form[form]), key=lambda one: (one.text, one.mention.start)
    )
    return NameProposal(group, judge_kind(one.mention for one in mentions), mentions)


def _drop_chance_neighbours(by_form: dict[NameForm, list[PlacedMention]]) -> None:
    """Drops "London Lydia", which stands once, where one of both names is alone often and none is a family's."""
    families = {one.words[-1] for one in by_form if one.title and one.title not in GIVEN_NAME_TITLES}
    families |= {one.words[-1] for one, mentions in by_form.items() if len(one.words) > 1 and len(mentions) > 1}
    for form, mentions in list(by_form.items()):
        if len(form.words) < 2 or form.title or len(mentions) > 1 or form.words[-1] in families:
            continue
        alone = max(len(by_form.get(NameForm((word,)), ())) for word in form.words)
        if alone >= CHANCE_COUNT:
            del by_form[form]


def _genders_of(by_form: Mapping[NameForm, list[PlacedMention]]) -> dict[str, Gender]:
    """Returns the gender of each first word of a name without a title, by most of the pronouns that follow it."""
    votes = defaultdict[str, Counter[Gender]](Counter)
    for form, mentions in by_form.items():
        if form.title is None:
            votes[form.words[0]].update(one.mention.pronoun for one in mentions if one.mention.pronoun)
    found = {word: count.most_common(1)[0] for word, count in votes.items() if count}
    return {
        word: gender
        for word, (gender, count) in found.items()
        if count >= MIN_PRONOUNS and count >= votes[word].total() * MIN_PRONOUN_SHARE
    }


def _is_plural(proposal: NameProposal, single: set[str]) -> bool:
    """Tells whether a name is the plural of another: "the Bingleys", "the Miss Bennets"."""
    (*_, word) = proposal.group.name.split()
    if not {word.removesuffix("s"), word.removesuffix("es")} & (single - {word}):
        return False
    return all(one.mention.form.title in PLURAL_TITLES for one in proposal.mentions)


def _is_worth(proposal: NameProposal, settings: CodexSettings) -> bool:
    """Tells whether a name is there often enough, or is clearly somebody's: by a title, a verb or several words."""
    has_sign = any(one.mention.form.title or one.mention.speaks for one in proposal.mentions)
    is_full = any(len(form.words) > 1 for form in proposal.group.forms)
    return has_sign or is_full or proposal.group.count >= settings.min_mentions


def _aliases(group: NameGroup) -> list[dict[str, Any]]:
    counts = Counter[str]()
    for form, count in group.forms.items():
        counts[form.as_printed] += count
    return [
        {"name": name, "count": count}
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if name != group.name
    ][:MAX_ALIASES]


def _spread(mentions: Sequence[PlacedMention], most: int) -> list[PlacedMention]:
    """Returns the first mentions, and others in even steps up to the last."""
    if len(mentions) <= most:
        return list(mentions)
    places = {round(place * (len(mentions) - 1) / max(most - 1, 1)) for place in range(most)}
    return [mentions[place] for place in sorted(places)]


def _passage(placed: PlacedMention, texts: Sequence[DraftText]) -> dict[str, Any]:
    draft, mention = texts[placed.text], placed.mention
    text = draft.text
    start, end = max(mention.start - CONTEXT_CHARACTERS, 0), min(mention.end + CONTEXT_CHARACTERS, len(text))
    return {
        "blob_id": draft.blob_id,
        "revision": draft.revision,
        "field": draft.field,
        "start": utf16_length(text[: mention.start]),
        "end": utf16_length(text[: mention.end]),
        "quote": text[mention.start : mention.end],
        "context": shorten(" ".join(text[start:end].split()), 2 * CONTEXT_CHARACTERS + 100),
    }


def utf16_length(text: str) -> int:
    """Returns the length of a text in the units of the page's strings and of its editor."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
