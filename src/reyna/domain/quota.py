"""How much of what a user has, and how much is allowed."""

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """By what is counted, such as `blobs` or `bytes`; what has no limit is not in `allowed`."""

    used: dict[str, int]
    allowed: dict[str, int]
