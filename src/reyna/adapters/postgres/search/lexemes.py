"""Lexemes of entries and queries: each begins with a tag of its user, so that the GIN index leads with the user.

There are three kinds of them behind the tag: `:` a word at its places, `=` a word of the title, `~` a stem.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from reyna.domain.search.query import ParsedQuery, Term

MAX_POSITION: Final = 16_383  # of a word in a tsvector; later words are all there
MAX_POSITIONS: Final = 255  # of one word
MAX_VECTOR_BYTES: Final = 900_000  # of the lexemes of one entry; PostgreSQL holds 1 MiB
WORD, TITLE, STEM = ":", "=", "~"
NOTHING: Final = "'?'"  # no lexeme is only a question mark


def tag_of(user_id: str) -> str:
    """Returns the tag of a user; two users may share one, so queries compare the user as well."""
    return hashlib.blake2b(user_id.encode(), digest_size=4).hexdigest()


def vector_of(tag: str, title: Sequence[str], text: Sequence[str], stems: Collection[str]) -> str:
    """Returns the tsvector of an entry as text. A word of the title weighs more; a phrase does not go on from the
    title into the text."""
    titles: dict[str, list[str]] = {word: [] for word in title}
    for position, word in enumerate(title, 1):
        titles[word].append(f"{position}A")
    places = {word: [*titles.get(word, ())] for word in (*title, *text)}
    for position, word in enumerate(text[: MAX_POSITION - len(title) - 1], len(title) + 2):
        places[word].append(str(position))
    lexemes = (
        *(_write_lexeme(f"{tag}{WORD}{word}", at) for word, at in places.items()),
        *(_write_lexeme(f"{tag}{TITLE}{word}", at) for word, at in titles.items()),
        *(f"'{tag}{STEM}{stem}'" for stem in stems),
    )
    return " ".join(_within_room(lexemes))


def tsquery_of(
    tag: str,
    query: ParsedQuery,
    *,
    near: Mapping[str, Sequence[str]] = {},
    stems: Mapping[str, Sequence[str]] = {},
    kind: str = WORD,
) -> str:
    """Returns the tsquery of a parsed query as text; `near` and `stems` are found in the place of their words.

    `kind` TITLE looks for the words in titles only.
    """
    wanted = [_term(tag, kind, term, near, stems if kind == WORD else {}) for term in query.required_terms]
    unwanted = [f"!({_term(tag, WORD, term, {}, {})})" for term in query.excluded_terms]
    return " & ".join([*wanted, *unwanted]) or NOTHING


def _term(
    tag: str, kind: str, term: Term, near: Mapping[str, Sequence[str]], stems: Mapping[str, Sequence[str]]
) -> str:
    if len(term.words) > 1 or term.quoted or term.negated:
        return _phrase(tag, kind, term)
    (word,) = term.words
    alternatives = [
        f"'{tag}{kind}{word}'{':*' if term.prefix else ''}",
        *(f"'{tag}{kind}{other}'" for other in near.get(word, ())),
        *(f"'{tag}{STEM}{stem}'" for stem in stems.get(word, ())),
    ]
    return f"({' | '.join(alternatives)})"


def _phrase(tag: str, kind: str, term: Term) -> str:
    words = [f"'{tag}{kind}{word}'" for word in term.words]
    if term.prefix:
        words[-1] += ":*"
    return f"({' <-> '.join(words)})"


def _write_lexeme(lexeme: str, at: Sequence[str]) -> str:
    return f"'{lexeme}':{','.join(at[:MAX_POSITIONS])}" if at else f"'{lexeme}'"


def _within_room(lexemes: Iterable[str]) -> Iterable[str]:
    room = MAX_VECTOR_BYTES
    for lexeme in lexemes:
        room -= len(lexeme.encode())
        if room < 0:
            return
        yield lexeme
