"""A difference between two versions of a schema."""

from typing import Any, Literal

import msgspec

Direction = Literal["backward", "forward"]


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference: its path (a JSON Pointer into the newer or the older schema), its rule, and the directions
    that it breaks.

    `breaks` is empty when no document is affected. A `counterexample` fits one version and not the other; when
    something breaks without one, it is too large to show, or the difference is `undecided`.
    """

    path: str
    rule: str
    message: str
    breaks: tuple[Direction, ...] = ()
    counterexample: Any = msgspec.UNSET
    hint: str | None = None
    undecided: bool = False
    version: str | None = None  # the older version that it was compared with, when that is not the latest
