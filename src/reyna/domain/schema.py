"""A versioned shape that content must fit, and how content of the major before becomes content of this one."""

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

    `to` is the new name (rename, wrap), the new place (move, copy) or the new type (convert); `value` is what is set.
    Where something is already, set leaves it and move and copy are refused, unless they may `overwrite` it. A step
    whose `path` leads to nothing does nothing.
    """

    do: StepName
    path: str
    to: str | msgspec.UnsetType = msgspec.UNSET
    value: Any = msgspec.UNSET
    overwrite: bool = False


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How data of the major before becomes data of this one: a JSON Patch (RFC 6902) or named steps, one of the two."""

    patch: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    steps: tuple[UpgradeStep, ...] | msgspec.UnsetType = msgspec.UNSET


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version; `id` is name and major (`text-input-v1`), `version` is semver (`1.2.0`).

    `references` holds every registered schema that `json_schema` leads to, by its URI, so that compiling it needs
    nothing else; `fingerprint` stands for both. `compatibility` and `upgrade` belong to the id: the latest version
    tells what holds now, an earlier one what held when it was registered.
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
    """`version` left out: the right next one is computed. `upgrade` is for the id that this comes to."""

    name: str
    version: str | None = None
    kind: Kind = "blob"
    json_schema: Any
    compatibility: Compatibility | None = None
    upgrade: Upgrade | None = None
    description: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether data fits a version, and if not, where (at most 50 places)."""

    valid: bool
    version: str
    errors: tuple[DataError, ...] = ()


def major_before(major: int, majors: Iterable[int]) -> int | None:
    """Whose data an upgrade of this major takes: the largest smaller one of those that are registered."""
    return max((each for each in majors if each < major), default=None)
