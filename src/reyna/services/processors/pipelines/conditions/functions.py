"""The functions that a condition may call; each takes JSON values, and null for a field that is not there."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from reyna.domain.processing.input_range import count_words, texts_of

MAX_COUNTED_WORDS: Final = 100_000  # a longer text has more than this number of words for a condition


class Function(NamedTuple):
    """A function with the number of its arguments."""

    arguments: int
    call: Callable[..., Any]


def words(value: Any) -> int:
    """Returns the number of words in a text, or in all texts of a list or an object."""
    return count_words("\n".join(texts_of(value)), enough=MAX_COUNTED_WORDS)[0]


def length(value: Any) -> int:
    """Returns the number of characters of a text, or of items of a list or an object."""
    return len(value) if isinstance(value, str | list | dict) else 0


def contains(value: Any, part: Any) -> bool:
    """Returns True when the text contains this part, in upper or lower case, or the list contains this item."""
    if isinstance(value, str) and isinstance(part, str):
        return part.casefold() in value.casefold()
    return isinstance(value, list) and part in value


def starts_with(value: Any, prefix: Any) -> bool:
    return isinstance(value, str) and isinstance(prefix, str) and value.startswith(prefix)


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def has(value: Any) -> bool:
    """Returns True when the field is there and not null."""
    return value is not None


FUNCTIONS: Final[dict[str, Function]] = {
    "words": Function(1, words),
    "length": Function(1, length),
    "contains": Function(2, contains),
    "starts_with": Function(2, starts_with),
    "lower": Function(1, lower),
    "has": Function(1, has),
}
