"""The settings of the research assistant."""

from typing import Annotated

import msgspec

from reyna.library.research_assistant.sources.adapter import NetworkSource


class ResearchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sources`: the services on the network that are asked; none unless you name them. The words of the question are
    sent to them. `library`: look into your own library, too, or only into the bucket `bucket_id` and all below it;
    `max_blobs` is the number of its blobs that are read. `max_sources`: of all that was found, so many are listed.
    `keep_sources`: keep each source of the network as a blob beside the result.
    """

    sources: tuple[NetworkSource, ...] = ()
    library: bool = True
    bucket_id: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    max_blobs: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 2_000
    max_sources: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    keep_sources: bool = True
