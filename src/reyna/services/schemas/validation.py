"""The part `validation` of the schema service: validates data against a registered version."""

import asyncio
from typing import Any

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.json.data import encode_json, without_nul
from reyna.domain.schema import Verdict
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.usage_counts import UsageCounter
from reyna.validation.validator import ValidatorCache


class Validation:
    """Validates data, and counts each validation in `counter`."""

    def __init__(self, catalog: SchemaCatalog, validators: ValidatorCache, sandbox: ValidationSandbox) -> None:
        self._catalog, self._validators, self._sandbox = catalog, validators, sandbox
        self.counter = UsageCounter()

    async def validate(self, caller: Caller, id: str, data: Any, version: str | None = None) -> Verdict:
        """Returns whether data fits a version, and every place where it does not.

        Raises NotFound, and TooLarge for data that takes too long to validate.
        """
        schema = await self._catalog.get(caller, id, version)
        validator = await self._validators.get_off_loop(schema)
        used = (caller.user_id, schema.id, schema.version)
        self.counter.count_validation(*used)
        try:
            body = encode_json(await asyncio.to_thread(without_nul, data) if validator.mentions_nul else data)
            errors = await self._sandbox.errors(caller.user_id, validator, data, body)
        except Invalid as refusal:  # data that cannot be stored fits no schema
            errors = tuple(replace(error, path=error.path.removeprefix("/data")) for error in refusal.errors)
        if errors:
            self.counter.count_failure(*used, errors)
        return Verdict(valid=not errors, version=schema.version, errors=errors)
