"""Validation of the settings of an instance or a run, and of the settings schemas of processors."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Invalid
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.domain.processing.processor import Processor
from reyna.services.processors.models.model_setting import split_model
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.validator import Validator

MAX_COMPILED_SCHEMAS: Final = 1_000


async def check_settings_schema(schema: dict[str, Any]) -> None:
    """Raises Invalid, with paths under `/settings_schema`, unless this is a JSON Schema."""
    encode_json(schema, most=MAX_METADATA_BYTES, field="settings_schema")
    try:
        await asyncio.to_thread(Validator, schema)
    except Invalid as invalid:
        errors = [replace(error, path=_under_settings_schema(error.path)) for error in invalid.errors]
        summary = "; ".join(error.message for error in errors) or invalid.detail
        raise Invalid(f"settings_schema: {summary}", errors=errors) from invalid


class SettingsValidator:
    """Validates settings against the settings schemas of processors; each version of a schema is compiled once.

    `sandbox`: validates settings whose schema is costly. `check_model`: raises Invalid for a model that the runs of a
    processor cannot use for this user.
    """

    def __init__(
        self,
        sandbox: ValidationSandbox | None = None,
        check_model: Callable[[str, Processor, object], Awaitable[None]] | None = None,
    ) -> None:
        self._check_model = check_model
        self._sandbox = sandbox or ValidationSandbox()
        self._compiled: dict[tuple[str, str], tuple[dict[str, Any], Validator]] = {}

    async def validate(self, caller: Caller, processor: Processor, settings: dict[str, Any]) -> None:
        """Raises Invalid, with every path under `/settings`; a processor without a settings schema has no settings."""
        chosen, settings = split_model(processor, settings)
        if chosen is not None:
            await self.check_model(caller, processor, chosen)
        body = encode_json(settings, most=MAX_METADATA_BYTES, field="settings")
        if processor.settings_schema is None:
            if settings:
                raise Invalid.at("/settings", f"{processor.id} has no settings", expected="{}")
            return
        validator = await self._compile((processor.user_id, processor.id), processor.settings_schema)
        if errors := await self._sandbox.errors(caller.user_id, validator, settings, body):
            under_settings = [replace(error, path=f"/settings{error.path}") for error in errors]
            raise Invalid(f"The settings do not fit {processor.id}: {_summary(under_settings)}", errors=under_settings)

    async def check_model(self, caller: Caller, processor: Processor, model: object) -> None:
        """Raises Invalid for a model that the processor's runs cannot use."""
        if self._check_model is None:
            raise Invalid.at("/model", "no models can be chosen here")
        await self._check_model(caller.user_id, processor, model)

    async def _compile(self, key: tuple[str, str], schema: dict[str, Any]) -> Validator:
        compiled = self._compiled.pop(key, None)
        if compiled is None or compiled[0] != schema:
            compiled = schema, await asyncio.to_thread(Validator, schema)
        self._compiled[key] = compiled  # the latest used at the end
        while len(self._compiled) > MAX_COMPILED_SCHEMAS:
            del self._compiled[next(iter(self._compiled))]
        return compiled[1]


def _under_settings_schema(path: str) -> str:
    return f"/settings_schema{path.removeprefix('/json_schema')}"


def _summary(errors: list[DataError]) -> str:
    first, *others = errors
    more = f" (and {len(others)} more)" if others else ""
    return f"{first.path.lstrip('/')}: {first.message}{more}"
