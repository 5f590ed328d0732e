"""Examines a JSON Schema that is to be registered: in place when that is cheap, else in the sandbox."""

from functools import partial
from typing import Any

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.examination.findings import fingerprint_of
from reyna.services.schemas.registry.examination.references import gather_references, references_of
from reyna.services.schemas.registry.examination.schema_rules import check_bytes, check_schema
from reyna.services.schemas.sandbox.sandbox import CompatibilitySandbox
from reyna.validation.complexity.cost_check import is_cheap


class SchemaExaminer:
    """Finds the references and the fingerprint of a JSON Schema."""

    def __init__(self, catalog: SchemaCatalog, sandbox: CompatibilitySandbox) -> None:
        self._catalog, self._sandbox = catalog, sandbox

    async def examine(self, caller: Caller, json_schema: Any) -> tuple[dict[str, Any], str]:
        """Returns the registered schemas that it refers to, by URI, and its fingerprint.

        Raises Invalid or TooLarge for a schema that cannot be accepted, and TooMuch when the sandbox is busy.
        """
        find = partial(self._catalog.find, caller)
        if caller.user_id == SYSTEM_USER_ID or is_cheap(json_schema):
            check_schema(json_schema)
            references = await references_of(json_schema, find)
            if caller.user_id == SYSTEM_USER_ID or is_cheap([json_schema, references]):
                return references, fingerprint_of(json_schema, references)
        check_bytes(json_schema)
        examined = await self._sandbox.examine(caller.user_id, ResolvedSchema(json_schema))
        references = await gather_references(examined.uses, find)
        if examined.fingerprint is None:
            examined = await self._sandbox.examine(caller.user_id, ResolvedSchema(json_schema, references))
        return references, examined.fingerprint or ""
