"""The verbs of the schema service: to validate and to check, and those of `analytics`, `registering`, `terms` and
`lookups`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.data import encoded, without_nul
from reyna.domain.errors import Invalid
from reyna.domain.ids import slug
from reyna.domain.schema import NewSchema, Upgrade, Verdict
from reyna.fit import Fit
from reyna.fit.counting import Counts
from reyna.ports import Store
from reyna.rpc import takes_long
from reyna.schemas.analytics import Analytics
from reyna.schemas.apart import Apart
from reyna.schemas.checking import Checked, ToCheck
from reyna.schemas.pace import Pace
from reyna.schemas.records import Latest
from reyna.schemas.registering import Plan, draft_of, id_of
from reyna.schemas.semver import semver
from reyna.schemas.stored import ContentVerbs, Stored, Upgraded, would_fail, would_fail_upgraded
from reyna.schemas.terms import check_place


class Schemas(Analytics):
    """Versioned shapes that content must fit: the system's for everyone, each user's own for nobody else.

    A version never changes. Other services ask for `schema` and validate by themselves with `reyna.fit`.
    """

    def __init__(
        self,
        store: Store,
        content: ContentVerbs | None = None,
        apart: Apart | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`content` can also be given later, since who holds content needs schemas first."""
        super().__init__(store, apart, pace)
        self.content = content
        self.counts = Counts()

    @takes_long
    async def check(self, caller: Caller, check: ToCheck) -> Checked:
        """What registering would come to, without registering. Raises NotFound, and what `register` raises."""
        if (check.name is None) == (check.id is None):
            raise Invalid.at("/name", "either the name or the id is wanted, and not both")
        name = slug("name", check.name) if check.name is not None else (await self.schema(caller, check.id or "")).name
        self._pace_of(caller)
        references, mark = await self._examined(caller, check.json_schema)
        majors = await self._majors(HOUSE, name) or await self._majors(caller.user_id, name)
        latest = majors[max(majors)] if majors else None
        if check.id is not None:
            latest = next((each for each in majors.values() if each.id == check.id), latest)
        new = NewSchema(name=name, json_schema=check.json_schema, kind=latest.kind if latest else "blob")
        draft = draft_of(caller, new, references, mark)
        fit = await self._fits.ready(draft)
        plan = await self._plan(caller, draft, check.compatibility, latest, majors)
        stored, upgraded = await asyncio.gather(
            self._stored(caller, latest, fit) if new.kind == "blob" else _nothing(),
            self._upgraded(caller, check.upgrade, plan, majors, fit),
        )
        return Checked(
            compatible=plan.compatible,
            bump=plan.bump,
            next_version=plan.version,
            next_id=id_of(name, semver(plan.version).major),
            compatibility=plan.mode,
            differences=plan.differences,
            stored=stored,
            upgraded=upgraded,
        )

    async def validate(self, caller: Caller, id: str, data: Any, version: str | None = None) -> Verdict:
        """Whether data fits a version, and if not, where. Raises NotFound, and TooLarge for what no blob can hold."""
        schema = await self.schema(caller, id, version)
        fit = await self._fits.ready(schema)
        used = (caller.user_id, schema.id, schema.version)
        self.counts.validated(*used)
        try:
            encoded(without_nul(data) if fit.names_nul else data)
            errors = fit.errors(data)
        except Invalid as refusal:  # could not be stored, so it fits nothing
            errors = tuple(replace(error, path=error.path.removeprefix("/data")) for error in refusal.errors)
        if errors:
            self.counts.failed(*used, errors)
        return Verdict(valid=not errors, version=schema.version, errors=errors)

    async def _stored(self, caller: Caller, latest: Latest | None, fit: Fit) -> Stored | None:
        if self.content is None:
            return None
        return await would_fail(self.content, caller, latest.id, fit) if latest else Stored(checked=0, failing=0)

    async def _upgraded(
        self, caller: Caller, upgrade: Upgrade | None, plan: Plan, majors: Mapping[int, Latest], fit: Fit
    ) -> Upgraded | None:
        """The upgrade tried on copies of what is stored of the major before the one that this would be."""
        if upgrade is None:
            return None
        kind = majors[max(majors)].kind if majors else "blob"
        before = majors[check_place(upgrade, kind, semver(plan.version).major, majors)]
        if self.content is None:
            return None
        return await would_fail_upgraded(self.content, caller, before.id, upgrade, fit)


async def _nothing() -> None:
    return None
