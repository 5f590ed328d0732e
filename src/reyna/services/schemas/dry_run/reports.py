"""The request and the report of a dry run."""

from typing import Any, Literal

import msgspec

from reyna.domain.errors import DataError
from reyna.domain.schema import Compatibility, Kind, Upgrade
from reyna.services.schemas.compatibility.difference import Difference
from reyna.services.schemas.registry.versioning.semver import Bump


class ToCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schema to check, under a name or as the next version of an id, with an upgrade to try.

    The other fields are those of a registration; `kind` left out is that of the name.
    """

    name: str | None = None
    id: str | None = None
    version: str | None = None
    kind: Kind | None = None
    json_schema: Any
    compatibility: Compatibility | None = None
    upgrade: Upgrade | None = None
    description: str = ""


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A stored blob that would not fit."""

    blob_id: str
    schema_version: str
    errors: tuple[DataError, ...]


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The number of stored blobs that were checked, and of those that fail; `sampled` says that there are more
    blobs."""

    checked: int
    failing: int
    examples: tuple[Failing, ...] = ()
    sampled: bool = False


class FailingUpgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A stored blob whose upgraded data would not fit, or that cannot be upgraded: then there is no `after`.

    Data of more than 4 KiB is left out.
    """

    blob_id: str
    schema_version: str
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET
    errors: tuple[DataError, ...]


class Upgraded(msgspec.Struct, frozen=True, kw_only=True):
    """The number of blobs of `schema_id`, the major before, on which the upgrade was tried, and of those that fail
    after it."""

    schema_id: str
    checked: int
    failing: int
    examples: tuple[FailingUpgrade, ...] = ()
    sampled: bool = False


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a registration: whether the mode's promise is kept, the next version, the differences, and the
    stored blobs that would fail.

    `status` is the answer of a registration: 201 for a new version, `next_version`, and 200 when that version is
    registered with the same content; `terms` names what would be set for its id. A registration that would be
    refused is refused here. `stored` is null when the state service cannot be asked, and `upgraded` when there was
    no upgrade to try.
    """

    status: Literal[200, 201]
    terms: tuple[str, ...] = ()
    compatible: bool
    bump: Bump
    next_version: str
    next_id: str
    compatibility: Compatibility
    differences: tuple[Difference, ...] = ()
    stored: Stored | None = None
    upgraded: Upgraded | None = None
