"""The words of each user with the number of entries they are in, and the words that are near to a misspelt one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reyna.domain.search.spelling import deletions, is_correctable, nearest

# Sorted, so that two writes never wait for each other; they do not meet in one user, but an upsert sorts for free.
CHANGE: Final = """
    with changed as (
        insert into search.words as w (user_id, word, entries)
        select $1, word, change from unnest($2::text[], $3::bigint[]) as c(word, change)
        on conflict (user_id, word) do update set entries = w.entries + excluded.entries
        returning word, entries
    )
    select word, entries from changed
"""
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
NEAR: Final = """
    select s.variant, s.word, w.entries from search.spellings s
    join search.words w on w.user_id = s.user_id and w.word = s.word
    where s.user_id = $1 and s.variant = any($2)
"""
LAST_CHARACTER: Final = "\U0010ffff"


async def count_words(connection: Any, user_id: str, changes: Mapping[str, int]) -> None:
    """Adds the changes to the numbers of entries by word; a word that is in no entry any more is removed."""
    changed = sorted((word, by) for word, by in changes.items() if by)
    if not changed:
        return
    words, amounts = [word for word, _ in changed], [by for _, by in changed]
    rows = await connection.fetch(CHANGE, user_id, words, amounts)
    gone = [word for word, entries in rows if entries <= 0]
    new = [word for word, entries in rows if 0 < entries == changes[word]]
    if gone:
        await connection.execute(REMOVE, user_id, gone)
        await connection.execute(REMOVE_SPELLINGS, user_id, *_spellings(gone))
    if new:
        await connection.execute(ADD_SPELLINGS, user_id, *_spellings(new))


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


def word_changes(before: Sequence[set[str]], after: Sequence[set[str]]) -> Counter[str]:
    """Returns by how many entries each word is in more than before."""
    changes: Counter[str] = Counter()
    for words in after:
        changes.update(words)
    for words in before:
        changes.subtract(words)
    return changes


def _spellings(words: Sequence[str]) -> tuple[list[str], list[str]]:
    pairs = sorted((variant, word) for word in words if is_correctable(word) for variant in deletions(word))
    return [variant for variant, _ in pairs], [word for _, word in pairs]
