"""The usage of a user, and the limits."""

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts by name, such as `blobs` or `bytes`; those without a limit are not in `allowed`."""

    used: dict[str, int]
    allowed: dict[str, int]
