"""The words of each user with the number of entries they are in, and the words that are near to a misspelt one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reyna.domain.search.query import Term
from reyna.domain.search.spelling import deletions, is_correctable, nearest

REMOVE: Final = "delete from search.words where user_id = $1 and word = any($2)"
ADD_SPELLINGS: Final = """
    insert into search.spellings (user_id, variant, word) select $1, variant, word
    from unnest($2::text[], $3::text[]) as s(variant, word) on conflict do nothing
"""
REMOVE_SPELLINGS: Final = """
    delete from search.spellings s using unnest($2::text[], $3::text[]) as gone(variant, word)
    where s.user_id = $1 and s.variant = gone.variant and s.word = gone.word
"""
KNOWN: Final = "select word from search.words where user_id = $1 and word = any($2)"
BEGINS: Final = "select exists(select from search.words where user_id = $1 and word >= $2 and word < $3)"
COUNTS: Final = "select word, entries from search.words where user_id = $1 and word = any($2)"
MAX_COUNTED_WORDS: Final = 200  # that begin with the same letters; more of them are in many entries
COUNT_BEGINNING: Final = f"""
    select coalesce(sum(entries), 0)::bigint from (
        select entries from search.words where user_id = $1 and word >= $2 and word < $3 limit {MAX_COUNTED_WORDS}
    ) counted
"""  # noqa: S608
NEAR: Final = """
    select s.variant, s.word, w.entries from search.spellings s
    join search.words w on w.user_id = s.user_id and w.word = s.word
    where s.user_id = $1 and s.variant = any($2)
"""
LAST_CHARACTER: Final = "\U0010ffff"


async def change_vocabulary(connection: Any, user_id: str, changes: Iterable[tuple[str, bool]]) -> None:
    """Adds the words that are marked with True, and removes the others, which are in no entry any more."""
    listed = list(changes)
    if gone := [word for word, is_there in listed if not is_there]:
        await connection.execute(REMOVE, user_id, gone)
        await connection.execute(REMOVE_SPELLINGS, user_id, *_spellings(gone))
    if new := [word for word, is_there in listed if is_there]:
        await connection.execute(ADD_SPELLINGS, user_id, *_spellings(new))


async def count_entries(
    connection: Any, user_id: str, terms: Sequence[Term], near: Mapping[str, Sequence[str]]
) -> dict[Term, int]:
    """Returns about how many entries each term is in, at most; other forms of its words are not counted."""
    words = {other for term in terms for word in term.words for other in (word, *near.get(word, ()))}
    known = dict(await connection.fetch(COUNTS, user_id, list(words)))
    counts: dict[Term, int] = {}
    for term in terms:
        of_words = [sum(known.get(other, 0) for other in (word, *near.get(word, ()))) for word in term.words]
        if term.prefix:
            last = term.words[-1]
            of_words[-1] += await connection.fetchval(COUNT_BEGINNING, user_id, last, last + LAST_CHARACTER)
        counts[term] = min(of_words)
    return counts


async def find_near_words(
    connection: Any, user_id: str, words: Sequence[str], last: str | None
) -> dict[str, list[str]]:
    """Returns the user's words that are near to those of these words that the user does not have.

    `last` is a word that is still being typed: it is there when a word of the user begins with it.
    """
    wanted = [word for word in dict.fromkeys(words) if is_correctable(word)]
    if not wanted:
        return {}
    known = {word for (word,) in await connection.fetch(KNOWN, user_id, wanted)}
    if last in wanted and await connection.fetchval(BEGINS, user_id, last, last + LAST_CHARACTER):
        known.add(last)
    variants = {word: deletions(word) for word in wanted if word not in known}
    if not variants:
        return {}
    rows = await connection.fetch(NEAR, user_id, list(set().union(*variants.values())))
    found = {
        word: nearest(word, {(other, entries) for variant, other, entries in rows if variant in variants[word]})
        for word in variants
    }
    return {word: others for word, others in found.items() if others}


def _spellings(words: Sequence[str]) -> tuple[list[str], list[str]]:
    pairs = sorted((variant, word) for word in words if is_correctable(word) for variant in deletions(word))
    return [variant for variant, _ in pairs], [word for _, word in pairs]
