"""Processors that take whole buckets: a request for a bucket is one run, which finds the bucket in its settings."""

from typing import Any, Final

from reyna.domain.errors import Invalid
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.schema_patterns import takes_schema

BUCKET_SETTING: Final = "bucket_id"
DEFINITIONS: Final = ("#/$defs/", "#/definitions/")


def check_takes_bucket(settings_schema: dict[str, Any] | None) -> None:
    """Raises Invalid unless the settings of a processor of whole buckets have the property `bucket_id`."""
    if BUCKET_SETTING not in _properties_of(settings_schema or {}):
        message = f"has no property {BUCKET_SETTING}, which holds the bucket of a run"
        raise Invalid.at("/settings_schema", message, expected=f"settings with {BUCKET_SETTING} for whole_bucket")


def _properties_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns the properties of the schema itself, or of the definition that it refers to."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith(DEFINITIONS):
        _, kind, name = reference.split("/", 2)
        definitions = schema.get(kind)
        found = definitions.get(name) if isinstance(definitions, dict) else None
        return _properties_of({**found, "$ref": None}) if isinstance(found, dict) else {}
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def is_source(processor: Processor, schema_id: str) -> bool:
    """Returns True for a schema that a run on a bucket may start from: one that the processor takes.

    Of those that it makes as well, only where it takes no others: earlier results are no reason for a new one.
    """
    foreign = [taken for taken in processor.input_schemas if taken not in processor.made_schemas]
    return takes_schema(foreign or processor.input_schemas, schema_id)


def settings_for_bucket(settings: dict[str, Any], bucket_id: str) -> dict[str, Any]:
    """Returns the settings of the run on this bucket. Raises Invalid for settings that name another one."""
    if settings.get(BUCKET_SETTING) not in (None, bucket_id):
        raise Invalid.at(f"/settings/{BUCKET_SETTING}", "names another bucket than the request", expected=bucket_id)
    return settings | {BUCKET_SETTING: bucket_id}
