"""Whether a schema can be held at all: its form, its size, where it leads, and whether it compiles."""

from collections.abc import Mapping
from typing import Any

import msgspec

from reyna.domain.errors import Refusal
from reyna.fit import Fit
from reyna.fit.flat import registered_in
from reyna.fit.keywords import Path
from reyna.schemas.compatibility import Text
from reyna.schemas.fingerprint import fingerprint
from reyna.schemas.wellformed import check_schema, check_whole


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The registered schemas that a schema refers to, each with the place of one reference; and its fingerprint.

    The fingerprint is None while one of these was not given along. `problem` is why it is refused, if it is.
    """

    uses: dict[str, Path] = {}
    fingerprint: str | None = None
    problem: dict[str, Any] | None = None


def examined(new: Text) -> Examined:
    """What the schema is, or why it is refused."""
    try:
        check_schema(new.json_schema)
        uses = registered_in(new.json_schema)
        if not uses.keys() <= new.references.keys():
            return Examined(uses=uses)
        return Examined(uses=uses, fingerprint=fingerprint_of(new.json_schema, new.references))
    except Refusal as refusal:
        return Examined(problem=refusal.problem())


def fingerprint_of(json_schema: Any, references: Mapping[str, Any]) -> str:
    """Of what passed `check_schema`. Raises Invalid for what leads outside, is too much, or does not compile."""
    check_whole(json_schema, references)
    Fit(json_schema, dict(references))
    return fingerprint(json_schema, references)
