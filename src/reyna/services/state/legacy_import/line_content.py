"""Decides what the content of a legacy line becomes: data that fits its schema, or the whole line."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.services.state.content.schema_cache import CompiledSchema
from reyna.services.state.legacy_import.lines import UNFIT, LegacyLine, candidates, fingerprint


class LineContent(NamedTuple):
    """The data of a line under its schema.

    `rest` is what else the line said, `reason` why it is kept whole if it is.
    """

    schema_id: str
    schema_version: str
    data: Any
    rest: dict[str, Any]
    reason: str | None


async def read_content(caller: Caller, legacy: LegacyLine, schema: CompiledSchema | Invalid) -> LineContent:
    """Returns the first candidate that fits the schema, else the whole line under the schema that takes anything."""
    if isinstance(schema, CompiledSchema):
        reason, known = "", properties_of(schema)
        for data, taken in candidates(legacy.body, known):
            try:
                await schema.validate(caller, data, encode_json(data), "data", counted=False)
            except (Invalid, TooLarge) as refusal:
                reason = reason or refusal.detail
                continue
            rest = {"id": legacy.id} | {name: value for name, value in legacy.rest.items() if name not in taken}
            try:
                encode_json(rest, most=MAX_METADATA_BYTES, field="legacy")
            except TooLarge as large:
                reason = large.detail
                break
            return LineContent(legacy.schema_id, schema.schema.version, data, rest, None)
    else:
        reason = schema.detail
    return LineContent(UNFIT, "1.0.0", {"line": legacy.body, "reason": reason}, {"id": legacy.id}, reason)


def properties_of(schema: CompiledSchema) -> Mapping[str, Any]:
    """Returns the properties that the schema names."""
    json_schema = schema.schema.json_schema
    known = json_schema.get("properties") if isinstance(json_schema, dict) else None
    return known if isinstance(known, dict) else {}


async def metadata_fits(caller: Caller, schema: CompiledSchema, metadata: dict[str, Any]) -> bool:
    """Returns whether the metadata of a bucket fits the schema."""
    try:
        await schema.validate(caller, metadata, encode_json(metadata), "metadata", counted=False)
    except Invalid:
        return False
    return True


def content_fingerprint(schema_id: str, data: Any) -> str:
    """Returns the fingerprint of what a line contained, however it was stored."""
    return fingerprint(data["line"] if schema_id == UNFIT and isinstance(data, dict) and "line" in data else data)
