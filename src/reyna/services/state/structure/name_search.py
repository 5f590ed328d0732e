"""Search by name: the filter of a store for names that contain the words of a query."""

from typing import Final

from reyna.domain.errors import Invalid
from reyna.domain.text.folding import fold
from reyna.ports.store import Contains, Where

MAX_QUERY_LENGTH: Final = 200  # code points


def where_named(q: str | None) -> Where:
    """Returns the part of a `where` for names that contain every word of the query; nothing for a blank one.

    Raises Invalid for one that is longer than a name.
    """
    words = words_of_name(q)
    return {"folded_name": Contains(words)} if words else {}


def words_of_name(q: str | None) -> tuple[str, ...]:
    """Returns the words of a query, folded as names are; none for a blank one. Raises Invalid as above."""
    if q is None:
        return ()
    if len(q) > MAX_QUERY_LENGTH:
        raise Invalid.at(
            "/q", f"must be at most {MAX_QUERY_LENGTH} characters", expected=f"at most {MAX_QUERY_LENGTH} characters"
        )
    return tuple(dict.fromkeys(fold(q).split()))
