"""The words of the reference for a setting, as annotations of its type."""

from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta


def describe(sentence: str, *, secret: bool = False, shown: str | None = None) -> Meta:
    """Returns the words of the reference for a setting; `shown` is its default where the value does not say it."""
    return Meta(description=sentence, extra={"secret": secret, "shown": shown})


def annotations_of(kind: Any) -> list[Meta]:
    """Returns every annotation of a type and of the types it consists of, outermost first."""
    inner = [
        note for part in get_args(kind)[: 1 if get_origin(kind) is Annotated else None] for note in annotations_of(part)
    ]
    return [*getattr(kind, "__metadata__", ()), *inner]
