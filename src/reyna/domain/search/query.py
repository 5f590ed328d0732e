"""A query as its terms: words, phrases in quotes, what must not be there, and a last word that is still being typed."""

import re
from typing import Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.search.words import is_unspaced, query_words_of

MAX_QUERY_LENGTH: Final = 10_000  # code points
MAX_TERMS: Final = 32  # of a query; the rest of a longer one is left out
MAX_PHRASE_WORDS: Final = 64
QUERY_PIECE: Final = re.compile(r'(-?)"([^"]*)"?|(\S+)')


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """Words that follow each other. `quoted`: exactly as they are; `prefix`: the last one is the beginning of one."""

    words: tuple[str, ...]
    quoted: bool = False
    negated: bool = False
    prefix: bool = False

    @property
    def run(self) -> str | None:
        """The text of a term in a script without spaces, None for other terms."""
        if not all(map(is_unspaced, self.words)):
            return None
        return self.words[0] + "".join(word[1:] for word in self.words[1:])


class ParsedQuery(msgspec.Struct, frozen=True):
    """`is_blank` when there was nothing but white space; without terms, a query that is not blank finds nothing."""

    terms: tuple[Term, ...] = ()
    is_blank: bool = True

    @property
    def required_terms(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.negated)

    @property
    def excluded_terms(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.negated)


def parse_query(q: str) -> ParsedQuery:
    """Returns the terms of a query. Raises Invalid for one that is too long."""
    if len(q) > MAX_QUERY_LENGTH:
        raise Invalid.at("/q", f"must be at most {MAX_QUERY_LENGTH:,} characters")
    terms: list[Term] = []
    for match in QUERY_PIECE.finditer(q):
        term = _term_of(match, ends_query=match.end() == len(q))
        if term is not None and term not in terms:
            terms.append(term)
        if len(terms) == MAX_TERMS:
            break
    return ParsedQuery(tuple(terms), not q.strip())


def _term_of(match: re.Match[str], *, ends_query: bool) -> Term | None:
    quoted = match[3] is None
    negated = match[1] == "-" if quoted else match[3].startswith("-")
    words = tuple(query_words_of(match[2] if quoted else match[3])[:MAX_PHRASE_WORDS])
    if not words:
        return None
    single_letter = len(words) == 1 and len(words[0]) == 1 and is_unspaced(words[0])
    prefix = single_letter or (ends_query and not quoted and not negated and not is_unspaced(words[-1]))
    return Term(words=words, quoted=quoted, negated=negated, prefix=prefix)
