"""The request to accept a derived text."""

from typing import Annotated, Final

import msgspec

MAX_ACCEPTED_PARAGRAPHS: Final = 5_000  # in one request; all of them without numbers


class NewAcceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`paragraphs` are numbers from 1 in the derived text; left out, all of it. `base_revision` is the revision of the
    accepted text that the client has seen, 0 for none yet; left out, the acceptance applies to whatever is there."""

    derived_blob_id: str
    paragraphs: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_ACCEPTED_PARAGRAPHS)] | None = None
    base_revision: int | None = None
