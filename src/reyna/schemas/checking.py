"""A dry run: what registering a schema would come to, and what is stored that would not fit it."""

from typing import Any

import msgspec

from reyna.domain.schema import Compatibility, Upgrade
from reyna.schemas.bump import Bump
from reyna.schemas.compatibility.explain import Difference
from reyna.schemas.stored import Stored, Upgraded


class ToCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schema that might be registered, under a name or as the next version of an id; with an upgrade to try."""

    name: str | None = None
    id: str | None = None
    json_schema: Any
    compatibility: Compatibility | None = None
    upgrade: Upgrade | None = None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the mode's promise is kept, which version would come next, why, and what is stored that would fail.

    `stored` is null when nobody can be asked what is stored, and `upgraded` when there was no upgrade to try.
    """

    compatible: bool
    bump: Bump
    next_version: str
    next_id: str
    compatibility: Compatibility
    differences: tuple[Difference, ...] = ()
    stored: Stored | None = None
    upgraded: Upgraded | None = None
