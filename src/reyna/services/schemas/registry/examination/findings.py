"""Examines a JSON Schema: its form, size and references, and its compilation."""

from collections.abc import Mapping
from typing import Any

import msgspec

from reyna.domain.errors import Refusal
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.registry.examination.fingerprint import fingerprint
from reyna.services.schemas.registry.examination.schema_rules import check_schema, check_whole
from reyna.validation.bundling.bundle import registered_references
from reyna.validation.keywords import Path
from reyna.validation.validator import Validator


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The registered schemas that a schema refers to, each with the path of one reference, and its fingerprint.

    The fingerprint is None when one of these schemas was not given. `problem` is the refusal, if there is one.
    """

    uses: dict[str, Path] = {}
    fingerprint: str | None = None
    problem: dict[str, Any] | None = None


def examine(new: ResolvedSchema) -> Examined:
    """Returns the findings about a schema, or its refusal."""
    try:
        check_schema(new.json_schema)
        uses = registered_references(new.json_schema)
        if not uses.keys() <= new.references.keys():
            return Examined(uses=uses)
        return Examined(uses=uses, fingerprint=fingerprint_of(new.json_schema, new.references))
    except Refusal as refusal:
        return Examined(problem=refusal.problem())


def fingerprint_of(json_schema: Any, references: Mapping[str, Any]) -> str:
    """Returns the fingerprint of a schema that passed `check_schema`. Raises Invalid for a reference that cannot be
    resolved, for too much work, and for a schema that does not compile."""
    check_whole(json_schema, references)
    Validator(json_schema, dict(references))
    return fingerprint(json_schema, references)
