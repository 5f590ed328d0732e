"""What can be looked at while a studio runs: services, bus, outboxes, language model, and all that users have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from reyna.adapters.nats import NatsBus
from reyna.adapters.postgres import PostgresStore, open_pool
from reyna.cli.checkup import Line, broken, ok, unseen, wrong
from reyna.config import Settings
from reyna.domain.caller import Caller, house
from reyna.domain.errors import Conflict, Fault, NotSignedIn, Refusal
from reyna.domain.page import MOST
from reyna.main import SERVICES, Gatehouse, asking
from reyna.ports import Prompt, Store
from reyna.processors.service import Processors
from reyna.rpc import Signer, remote
from reyna.schemas.service import Schemas
from reyna.state.examined import RULES, Finding
from reyna.state.records import COLLECTIONS
from reyna.state.service import State

ANSWER: Final = 5.0  # seconds for a service to answer
EXAMINATION: Final = 600.0  # seconds for all that one user has; a million blobs take a few minutes
USERS: Final = 1_000  # in one page
LEFT_BEHIND: Final = timedelta(minutes=1)  # a message that is older should have been sent long ago
CONSUMERS: Final[Mapping[str, tuple[str, ...]]] = {"EVENTS": ("processors", "processors-updated", "state-upgrades")}
NOWHERE: Final = "http://unused.invalid"  # where `beside` sends whoever has no language model


class Studio:
    """The services of a running studio, as the house asks them."""

    def __init__(self, bus: NatsBus, settings: Settings) -> None:
        sign = Signer(settings.signing_secret()).sign
        self.bus, self._settings = bus, settings
        self._state = remote(State, "state", bus, sign, timeout=EXAMINATION)
        self._processors = remote(Processors, "processors", bus, sign, timeout=ANSWER)
        schemas, state = (
            remote(Schemas, "schemas", bus, sign, timeout=ANSWER),
            remote(State, "state", bus, sign, timeout=ANSWER),
        )
        gate = remote(Gatehouse, "studio", bus, sign, timeout=ANSWER)
        self._questions: dict[str, Callable[[], Awaitable[Any]]] = {
            "schemas": lambda: schemas.schemas(house(), limit=1),
            "state": lambda: state.usage(house()),
            "processors": lambda: self._processors.usage(house()),
            "studio": lambda: gate.whose(house(), "nobody's"),
        }

    async def services(self) -> list[Line]:
        lines = []
        for name in SERVICES:
            try:
                await self._questions[name]()
            except NotSignedIn:  # the studio knows its tokens: that is an answer
                pass
            except (Fault, Refusal) as error:
                lines.append(wrong(f"{name}: {error.detail}", f"look into its log, or start it: reyna serve {name}"))
                continue
            lines.append(ok(f"{name} answers"))
        return lines

    async def streams(self) -> list[Line]:
        try:
            drifted = await self.bus.drifted(CONSUMERS)
        except Fault as fault:
            return [broken("NATS", fault, "look into the log of nats-server")]
        mend = "see `nats stream edit` and `nats consumer edit`; what is missing is made when the studio starts"
        return [wrong(one, mend) for one in drifted] or [ok("streams and consumers are as wanted")]

    async def outboxes(self) -> list[Line]:
        """Of each service, by way of its own store."""
        lines = []
        before = datetime.now(UTC) - LEFT_BEHIND
        for name in SERVICES:
            try:
                async with _store(self._settings, name) as store:
                    left = await store.unsent(before=before, limit=MOST)
            except (Fault, ModuleNotFoundError) as hindrance:  # the studio's own driver may not be installed here
                lines.append(unseen(f"messages of {name}", str(hindrance)))
                continue
            some = f"{len(left)}{'+' if len(left) == MOST else ''}"
            stuck = wrong(f"{some} messages of {name} are not sent yet", "see in its log why NATS does not take them")
            lines.append(stuck if left else ok(f"everything that {name} told is sent"))
        return lines

    async def model(self) -> Line:
        settings = self._settings
        if not settings.llm_url or settings.llm_url == NOWHERE:
            return unseen("the language model", "REYNA_LLM_URL is not set here")
        async with AsyncExitStack() as stack:
            language = await asking(stack, settings.llm_url, settings.llm_key, settings.llm_model or "", once=True)
            try:
                answer = await language.complete(Prompt(system="Answer in one word.", user="Hello!", max_tokens=4))
            except (Fault, Refusal) as error:
                return wrong(f"the language model: {error.detail}", "see REYNA_LLM_URL, REYNA_LLM_KEY, REYNA_LLM_MODEL")
        return ok(f"the language model {answer.model} answers")

    async def contents(self, *, mend: bool) -> AsyncIterator[Line]:
        """Every user's, one after the other; `mend` recounts sums that are wrong."""
        number = letters = whole = 0
        after: str | None = None
        try:
            while users := await self._state.users(house(), after=after, limit=USERS):
                for user_id in users:
                    number, after = number + 1, user_id
                    acting = Caller(user_id=user_id, kind="house")
                    lines = [line async for line in self._of_one(acting, mend=mend)]
                    whole += all(line.state == "ok" for line in lines)
                    for line in lines:
                        yield line
                    letters += len((await self._processors.dead(acting, limit=MOST)).items)
        except (Fault, Refusal) as error:
            yield unseen("what users have", error.detail)
            return
        yield ok(f"all that {whole:,} of {number:,} users have is whole")
        yield ok(f"{letters:,} dead letters wait for a decision of their users")

    async def _of_one(self, acting: Caller, *, mend: bool) -> AsyncIterator[Line]:
        for finding in await self._state.examine(acting):
            if finding.rule != "sums" or not mend:
                yield told(acting.user_id, finding)
                continue
            try:
                await self._state.recount(acting)
            except Conflict as busy:
                yield unseen(f"{acting.user_id}: sums", busy.detail)
            else:
                yield ok(f"{acting.user_id}: sums are recounted ({'; '.join(finding.ids)})")


def told(user_id: str, finding: Finding) -> Line:
    rule = RULES[finding.rule]
    more = ", …" if finding.count > len(finding.ids) else ""
    what = f"{user_id}: {finding.count:,} {rule.wrong} ({', '.join(finding.ids)}{more})"
    return ok(f"{what}; {rule.mend}") if rule.harmless else wrong(what, rule.mend)


async def sharding(url: str) -> list[str]:
    """The lines by which a MongoDB cluster spreads what the state service keeps. Raises Fault and CannotStart."""
    from reyna.adapters.mongo import open_mongo, sharding

    database = await open_mongo(url)
    try:
        return sharding(database.name, COLLECTIONS)
    finally:
        await database.client.close()


@asynccontextmanager
async def _store(settings: Settings, name: str) -> AsyncIterator[Store]:
    url = (settings.state_url if name == "state" else None) or settings.postgres_url or ""
    async with AsyncExitStack() as stack:
        if url.startswith("mongodb"):
            from reyna.adapters.mongo import MongoStore, open_mongo

            database = await open_mongo(url)
            stack.push_async_callback(database.client.close)
            yield MongoStore(database, name, ())
        else:
            pool = await open_pool(url, size=1)
            stack.push_async_callback(pool.close)
            yield PostgresStore(pool, name, ())
