"""Schemas: versioned JSON Schemas for content, and upgrades of content from the major version before."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from reyna.domain.errors import DataError

Kind = Literal["blob", "bucket"]
Scope = Literal["system", "user"]
Compatibility = Literal[
    "none", "backward", "backward_transitive", "forward", "forward_transitive", "full", "full_transitive"
]
StepName = Literal["rename", "move", "remove", "set", "copy", "convert", "wrap"]


class UpgradeStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One named step; `path` is a JSON Pointer (RFC 6901) in which `*` stands for every item of a list.

    `to` is the new name (rename, wrap), the new place (move, copy) or the new type (convert); `value` is the value to
    set. An existing value is kept by set, and refuses move and copy, unless they may `overwrite` it. A step whose
    `path` leads to nothing does nothing.
    """

    do: StepName
    path: str
    to: str | msgspec.UnsetType = msgspec.UNSET
    value: Any = msgspec.UNSET
    overwrite: bool = False


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The upgrade of data from the major version before: a JSON Patch (RFC 6902) or named steps, one of the two."""

    patch: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    steps: tuple[UpgradeStep, ...] | msgspec.UnsetType = msgspec.UNSET


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version; `id` is name and major (`text-input-v1`), `version` is semver (`1.2.0`).

    `references` holds every registered schema that `json_schema` refers to, by its URI, so that it can be compiled
    alone; `fingerprint` identifies both. `compatibility` and `upgrade` belong to the id: the latest version has the
    present ones, an earlier version those of its registration.
    """

    id: str
    name: str
    major: int
    version: str
    kind: Kind
    scope: Scope
    json_schema: Any
    references: dict[str, Any] = {}
    compatibility: Compatibility = "backward"
    upgrade: Upgrade | None = None
    fingerprint: str
    description: str = ""
    created_at: datetime
    created_by: str


class NewSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a `version` the right next one is computed. `upgrade` belongs to the resulting id."""

    name: str
    version: str | None = None
    kind: Kind = "blob"
    json_schema: Any
    compatibility: Compatibility | None = None
    upgrade: Upgrade | None = None
    description: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a validation, with the places of at most 50 errors."""

    valid: bool
    version: str
    errors: tuple[DataError, ...] = ()


def major_before(major: int, majors: Iterable[int]) -> int | None:
    """Returns the major version whose data an upgrade to this one takes: the largest smaller registered one."""
    return max((each for each in majors if each < major), default=None)
