"""The offer of a derived text for acceptance, and its application to the accepted text."""

from typing import Any, Final, NamedTuple

from reyna.domain.blob import Blob
from reyna.domain.errors import Invalid
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.domain.text.paragraphs import split_paragraphs
from reyna.services.state.acceptance.derived_text import trace_note
from reyna.services.state.acceptance.insertion import TracedText, insert_paragraphs
from reyna.services.state.acceptance.origins import (
    Origin,
    format_time,
    kind_of,
    origins_in,
    with_origins,
)

MAX_TITLE_CHARACTERS: Final = 500  # of an edited text


class Offer(NamedTuple):
    """A derived text with the note that it comes from.

    `note_revision` is the revision of the note that it was made of; `source_ids` are the blobs that it comes from.
    """

    note: Blob
    derived: Blob
    text: TracedText
    note_revision: int
    source_ids: frozenset[str]


def read_numbers(new: NewAcceptance, text: TracedText) -> list[int] | None:
    """Returns the indexes of the paragraphs to accept; None for the whole text. Raises Invalid for others."""
    if new.paragraphs is None:
        return None
    if not new.paragraphs:
        raise Invalid.at("/paragraphs", "is empty", expected="at least one number; leave it out for the whole text")
    for place, number in enumerate(new.paragraphs):
        if not 1 <= number <= len(text.origins):
            raise Invalid.at(
                f"/paragraphs/{place}", f"there is no paragraph {number}", expected=f"1 to {len(text.origins)}"
            )
    return [number - 1 for number in dict.fromkeys(new.paragraphs)]


def apply_offer(offer: Offer, accepted: Blob | None, indexes: list[int] | None) -> dict[str, Any]:
    """Returns the data of the accepted text after the acceptance; `indexes` None for the whole text.

    A note that has no accepted text yet begins with its own text. What a person has written into the accepted text, and
    the model could not see, no paragraph takes the place of.
    """
    before = trace_note(offer.note) if accepted is None else _trace_accepted(accepted)
    text = offer.text
    if indexes is not None:
        text = insert_paragraphs(before, text, indexes, lambda origin: _is_unseen(origin, offer, accepted))
    data: dict[str, Any] = _titled(offer.note) if accepted is None else {**accepted.data}
    data.pop("metrics", None)  # they were of another text
    return with_origins(data, text.content, _keep_times(before, text))


def note_revision_after(offer: Offer, accepted: Blob | None, indexes: list[int] | None) -> int | None:
    """Returns the revision of the note that the accepted text then rests on: the oldest that a part of it comes from.

    So an accepted text is stale exactly when the note has changed since.
    """
    if accepted is None:
        return offer.note_revision
    if accepted.id == offer.note.id:
        return accepted.parent_revision
    if indexes is None or accepted.parent_revision is None:
        return offer.note_revision
    return min(offer.note_revision, accepted.parent_revision)


def _trace_accepted(accepted: Blob) -> TracedText:
    known = origins_in(accepted.data)
    if known is not None:
        return TracedText(accepted.data["content"], known)
    origin: Origin = {"kind": kind_of(accepted.author_kind), "at": format_time(accepted.updated_at)}
    content: str = accepted.data["content"]
    return TracedText(content, [origin] * len(split_paragraphs(content)))


def _is_unseen(origin: Origin, offer: Offer, accepted: Blob | None) -> bool:
    if accepted is None or origin.get("kind") != "person" or "blob_id" in origin:
        return False
    made_at = format_time(offer.derived.created_at)
    return accepted.id not in offer.source_ids or str(origin.get("at", "")) > made_at


def _keep_times(before: TracedText, after: TracedText) -> list[Origin]:
    """Returns the origins after, each as it was where the same paragraph was there before from the same origin."""
    there = {
        (text, _timeless(origin)): origin
        for text, origin in zip(split_paragraphs(before.content), before.origins, strict=True)
    }
    return [
        there.get((text, _timeless(origin)), origin)
        for text, origin in zip(split_paragraphs(after.content), after.origins, strict=True)
    ]


def _timeless(origin: Origin) -> frozenset[tuple[str, Any]]:
    return frozenset((field, value) for field, value in origin.items() if field != "at")


def _titled(note: Blob) -> dict[str, Any]:
    title = note.data.get("title") if isinstance(note.data, dict) else None
    return {"title": title[:MAX_TITLE_CHARACTERS]} if isinstance(title, str) and title else {}
