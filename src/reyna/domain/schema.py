"""A versioned shape that content must fit."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from reyna.domain.errors import DataError

Kind = Literal["blob", "bucket"]
Scope = Literal["system", "user"]
Compatibility = Literal[
    "none", "backward", "backward_transitive", "forward", "forward_transitive", "full", "full_transitive"
]


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version; `id` is name and major (`text-input-v1`), `version` is semver (`1.2.0`).

    `references` holds every registered schema that `json_schema` leads to, by its URI, so that compiling it needs
    nothing else; `fingerprint` stands for both.
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
    fingerprint: str
    description: str = ""
    created_at: datetime
    created_by: str


class NewSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version` left out: the right next one is computed."""

    name: str
    version: str | None = None
    kind: Kind = "blob"
    json_schema: Any
    compatibility: Compatibility | None = None
    description: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether data fits a version, and if not, where (at most 50 places)."""

    valid: bool
    version: str
    errors: tuple[DataError, ...] = ()
