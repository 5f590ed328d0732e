"""The part `versions` of the schema service: registers and reads versions."""

from collections.abc import Sequence

from msgspec import Struct

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere
from reyna.domain.event import Event
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.schema import Kind, NewSchema, Schema
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.schemas.records import LATEST, REQUESTS, VERSIONS, Latest, latest_of, version_id, version_of
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.policies import Policies
from reyna.services.schemas.registry.registration_planner import RegistrationPlanner
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.transport.rpc import long_running


class RegisteredSchema(Struct, frozen=True, kw_only=True):
    """The version of a registration, and whether the registration created it."""

    schema: Schema
    created: bool


async def _answer_repeat(versions: "Versions", caller: Caller, request: IdempotencyRecord) -> RegisteredSchema:
    """Returns the answer that the first request with this key got."""
    id, _, version = request.made_id.partition(":")
    return RegisteredSchema(schema=await versions.get(caller, id, version), created=request.answer["created"])


class Versions:
    """Registers versions of schemas, and reads them. A version never changes."""

    def __init__(self, store: Store, catalog: SchemaCatalog, planner: RegistrationPlanner, policies: Policies) -> None:
        self._store, self._catalog, self._planner, self._policies = store, catalog, planner, policies
        self.idempotency_keys = IdempotencyKeys(store, REQUESTS)

    @long_running
    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        """Registers a version and returns it. The system's versions are for everyone, a user's for that user.

        Without `version` the first one is 1.0.0, and a later one is computed from the difference from the latest (see
        `bump_of`): a change that breaks the promise of the id's mode begins the next major. A given version must be at
        least the computed one, and larger than every other of its major; a new major must be larger than every major.
        An `upgrade` converts data of the major before to the major of the new version.
        A version with the same content, the latest or the given one, is returned as it is; for the latest, another
        `compatibility`, `upgrade` or `description` is set for the id.
        Raises Invalid or TooLarge for a schema that cannot be accepted, Invalid with the `differences` when a given
        version is too small for them, and for an upgrade without an earlier major; AlreadyThere when the version is
        taken, when another registration was faster, or when the name is the system's; TooMuch, with `retry_after`, for
        too many at once.
        """
        return (await self.ensure_registered(caller, new)).schema

    @long_running
    @idempotent("", _answer_repeat)
    async def ensure_registered(self, caller: Caller, new: NewSchema, *, key: Key = None) -> RegisteredSchema:
        """Registers a version as `register` does, and returns it with whether this call created it."""
        plan = await self._planner.plan(caller, new)
        if plan.existing is not None:
            changed = await self._policies.change(caller, plan.existing.id, **plan.policies) if plan.policies else None
            registration = RegisteredSchema(schema=changed or plan.existing, created=False)
            await self._remember(caller, key, registration)
            return registration
        return await self._write(caller, plan.schema, plan.majors.get(plan.schema.major), key)

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        """Returns one version, the latest when `version` is None. Raises NotFound."""
        return await self._catalog.get(caller, id, version)

    async def list_versions(
        self, caller: Caller, id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Schema]:
        """Returns every version of one schema, the newest first. Raises NotFound."""
        return await self._catalog.list_versions(caller, id, limit=limit, cursor=cursor)

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Schema]:
        """Returns the latest version of each schema that the caller can use, by id."""
        return await self._catalog.list_latest(caller, kind=kind, name=name, limit=limit, cursor=cursor)

    async def _remember(self, caller: Caller, key: Key, registration: RegisteredSchema) -> None:
        """Stores the idempotency key of a request that created nothing."""
        if puts := self._key_records(caller, key, registration):
            try:
                await self._store.write(*puts)
            except RequirementNotMet as unmet:
                raise AlreadyThere("This was registered before.", id=registration.schema.id) from unmet

    def _key_records(self, caller: Caller, key: Key, registration: RegisteredSchema) -> Sequence[Put]:
        schema = registration.schema
        answer = {"created": registration.created}
        return self.idempotency_keys.steps(caller, key, version_id(schema.id, schema.version), answer)

    async def _write(self, caller: Caller, schema: Schema, before: Latest | None, key: Key) -> RegisteredSchema:
        owner = caller.user_id
        event = Event.now(
            "schema.registered",
            caller,
            {"schema_id": schema.id, "version": schema.version, "kind": schema.kind},
            about=schema.id,
        )
        try:
            await self._store.write(
                Put(VERSIONS, version_of(schema, owner)),
                Put(LATEST, latest_of(schema, owner, before), expects=before.revision if before else 0),
                *self._key_records(caller, key, RegisteredSchema(schema=schema, created=True)),
                messages=[event.message()],
            )
        except RequirementNotMet:
            current = await self._store.get(LATEST, owner, schema.id)
            if current is not None and current.schema.fingerprint == schema.fingerprint:
                return RegisteredSchema(schema=current.schema, created=False)
            raise AlreadyThere(
                f"Someone registered or changed {schema.name} at this moment; look at it and try again.",
                id=schema.id,
                version=current.version if current else None,
            ) from None
        return RegisteredSchema(schema=schema, created=True)
