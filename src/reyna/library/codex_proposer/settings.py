"""The settings of the codex proposer."""

from typing import Annotated

import msgspec


class CodexSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`bucket_id`: read all texts of this bucket and of everything in it, instead of the single text. `min_mentions`:
    a name without any sign of what it is counts only when it is there so often. `max_proposals`: how many are listed,
    the most frequent first; `max_passages`: of each. `refine`: let the connected language model correct the kinds and
    describe each entry in a sentence.
    """

    bucket_id: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    min_mentions: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    max_proposals: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 300
    max_passages: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    refine: bool = False
