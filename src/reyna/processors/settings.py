"""Whether settings fit what a processor says its settings are."""

from typing import Any

from msgspec.structs import replace

from reyna.domain.data import METADATA_BYTES, encoded
from reyna.domain.errors import DataError, Invalid
from reyna.domain.processor import Processor
from reyna.fit import Fit


def check_settings_schema(schema: dict[str, Any]) -> None:
    """Raises Invalid, naming the place under `/settings_schema`, for what is no JSON Schema."""
    encoded(schema, most=METADATA_BYTES, field="settings_schema")
    try:
        Fit(schema)
    except Invalid as invalid:
        errors = [replace(error, path=_under_settings_schema(error.path)) for error in invalid.errors]
        words = "; ".join(error.message for error in errors) or invalid.detail
        raise Invalid(f"settings_schema: {words}", errors=errors) from invalid


def check_settings(processor: Processor, settings: dict[str, Any]) -> None:
    """Raises Invalid, naming every place under `/settings`; without a schema for them there are no settings."""
    encoded(settings, most=METADATA_BYTES, field="settings")
    if processor.settings_schema is None:
        if settings:
            raise Invalid.at("/settings", f"{processor.id} has no settings", expected="{}")
        return
    errors = Fit(processor.settings_schema).errors(settings)
    if errors:
        placed = [replace(error, path=f"/settings{error.path}") for error in errors]
        raise Invalid(f"The settings do not fit {processor.id}: {_in_words(placed)}", errors=placed)


def _under_settings_schema(path: str) -> str:
    return f"/settings_schema{path.removeprefix('/json_schema')}"


def _in_words(errors: list[DataError]) -> str:
    first, *others = errors
    more = f" (and {len(others)} more)" if others else ""
    return f"{first.path.lstrip('/')}: {first.message}{more}"
