"""Checks of a running studio: services, bus, outboxes, language model, and everything that users have."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search.passages import PostgresPassageIndex, has_vectors
from reyna.adapters.postgres.store import PostgresStore
from reyna.app.config import Settings
from reyna.app.models.opening import open_for_single_try
from reyna.app.services import SERVICE_NAMES, SERVICES, find_service
from reyna.cli.checkup import CheckResult, fault_problem, not_checked, ok, problem
from reyna.cli.startup import UNUSED_LLM_URL
from reyna.cli.terminal import quantity
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, Fault, Refusal
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.embedded.embedder.process import is_embedder_installed
from reyna.ports.language import ModelEndpoint, Prompt
from reyna.ports.store import Collection, Store
from reyna.services.processors.service import Processors
from reyna.services.state.integrity.rules import RULES, Finding
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.service import State
from reyna.storage.outbox.event_bundles import sent_events_collection
from reyna.storage.outbox.sent_events import SentEvents
from reyna.transport.rpc import Signer, remote

ANSWER_TIMEOUT_SECONDS: Final = 5.0
EXAMINATION_TIMEOUT_SECONDS: Final = 600.0  # for all that one user has; a million blobs take a few minutes
USERS_PER_PAGE: Final = 1_000
GIBIBYTE: Final = 1024**3
NEARLY_FULL_SHARE: Final = 0.9
MAX_SHOWN_RANGES: Final = 5  # ranges of lost events that are named
MAX_UNSENT_AGE: Final = timedelta(minutes=1)  # a message that is older should have been sent long ago
CONSUMERS: Final[Mapping[str, tuple[str, ...]]] = {
    "EVENTS": (
        "processors",
        "processors-discarded",
        "processors-updated",
        "state-search-blobs",
        "state-search-buckets",
        "state-upgrades",
        "studio-webhooks",
    )
}


class RunningStudio:
    """Checks of a running studio: its services, streams, outboxes, language model and content."""

    def __init__(self, bus: NatsBus, settings: Settings) -> None:
        sign = Signer(settings.signing_secret()).sign
        self.bus, self._settings = bus, settings
        self.state = remote(State, "state", bus, sign, timeout=EXAMINATION_TIMEOUT_SECONDS)
        self._processors = remote(Processors, "processors", bus, sign, timeout=ANSWER_TIMEOUT_SECONDS)
        self._sign = sign

    async def check_services(self) -> list[CheckResult]:
        lines = []
        for service in SERVICES:
            name = service.name
            try:
                await service.probe(remote(service.offered, name, self.bus, self._sign, timeout=ANSWER_TIMEOUT_SECONDS))
            except (Fault, Refusal) as error:
                lines.append(problem(f"{name}: {error.detail}", f"look into its log, or start it: reyna serve {name}"))
            else:
                lines.append(ok(f"{name} answers"))
        return lines

    async def check_streams(self) -> list[CheckResult]:
        try:
            drifted = await self.bus.describe_drift(CONSUMERS)
        except Fault as fault:
            return [fault_problem("NATS", fault, "look into the log of nats-server")]
        mend = "see `nats stream edit` and `nats consumer edit`; what is missing is made when the studio starts"
        return [problem(one, mend) for one in drifted] or [ok("streams and consumers are as wanted")]

    async def check_lost_events(self) -> list[CheckResult]:
        """Checks that events which the stream EVENTS has lost were sent again."""
        try:
            extent = await self.bus.extent()
            lost = {name: await self._count_lost(name) for name in SERVICE_NAMES}
        except (Fault, ModuleNotFoundError) as hindrance:
            return [not_checked("what EVENTS has lost", str(hindrance))]
        mend = "the running studio sends them again within a minute; look into its log if it does not"
        lines = [problem(f"EVENTS has lost {many:,} events of {name}", mend) for name, many in lost.items() if many]
        inner = [(first, last) for first, last in extent.holes if first > 1]  # what is before the first has grown old
        if inner and not lines:
            gone = sum(last - first + 1 for first, last in inner)
            some = ", ".join(f"{first}-{last}" for first, last in inner[:MAX_SHOWN_RANGES])
            some += ", …" if len(inner) > MAX_SHOWN_RANGES else ""
            return [ok(f"EVENTS lost {gone:,} events ({some}); what was kept of them was sent again")]
        return lines or [ok("EVENTS has lost nothing")]

    async def check_storage(self) -> list[CheckResult]:
        """Checks how much of the storage of NATS is in use."""
        try:
            account = await self.bus.call_jetstream("INFO")
        except Fault as fault:
            return [fault_problem("NATS", fault, "look into the log of nats-server")]
        used, most = account["storage"], account["limits"]["max_storage"]
        if most <= 0:
            return []
        said = f"NATS keeps {used / GIBIBYTE:,.1f} of at most {most / GIBIBYTE:,.1f} GiB"
        return [
            ok(said)
            if used < NEARLY_FULL_SHARE * most
            else problem(said, "raise its max_file_store, or REYNA_EVENT_BYTES")
        ]

    async def _count_lost(self, name: str) -> int:
        sent = sent_events_collection(name)
        async with _open_store(self._settings, name, (sent,)) as store:
            keeps = timedelta(days=self._settings.event_days)
            return await SentEvents(store, self.bus, sent, retention=keeps).count_lost()

    async def check_outboxes(self) -> list[CheckResult]:
        """Checks the outbox of each service, in its own store."""
        lines = []
        before = datetime.now(UTC) - MAX_UNSENT_AGE
        for name in SERVICE_NAMES:
            try:
                async with _open_store(self._settings, name) as store:
                    left = await store.list_unsent(before=before, limit=MAX_PAGE_SIZE)
            except (Fault, ModuleNotFoundError) as hindrance:  # the studio's own driver may not be installed here
                lines.append(not_checked(f"messages of {name}", str(hindrance)))
                continue
            some = "at least " if len(left) == MAX_PAGE_SIZE else ""
            waiting = f"{some}{quantity(len(left), 'message')} of {name} not sent yet"
            stuck = problem(waiting, "see in its log why NATS does not take them")
            lines.append(stuck if left else ok(f"every message of {name} is sent"))
        return lines

    async def check_model(self) -> CheckResult:
        settings = self._settings
        if not settings.llm_url or settings.llm_url == UNUSED_LLM_URL:
            return not_checked("the language model", "REYNA_LLM_URL is not set here")
        endpoint = ModelEndpoint(url=settings.llm_url, key=settings.llm_key, model=settings.llm_model or "")
        async with open_for_single_try(endpoint) as language:
            try:
                answer = await language.complete(Prompt(system="Answer in one word.", user="Hello!", max_tokens=4))
            except (Fault, Refusal) as error:
                return problem(
                    f"the language model: {error.detail}", "see REYNA_LLM_URL, REYNA_LLM_KEY, REYNA_LLM_MODEL"
                )
        return ok(f"the language model {answer.model} answers")

    async def check_semantic_search(self) -> CheckResult:
        """Tells whether texts are found by their meaning, and if not, the reason."""
        settings = self._settings
        if settings.embeddings == "off":
            return ok("search goes by words alone, because REYNA_EMBEDDINGS is off")
        if not settings.embeddings_url and not is_embedder_installed():
            return not_checked("search by meaning", "no model is installed for this machine: set REYNA_EMBEDDINGS_URL")
        pool = await open_pool(settings.postgres_url or "", size=1)
        try:
            if not await has_vectors(pool):
                return not_checked(
                    "search by meaning", "PostgreSQL has no extension `vector` (pgvector): searches go by words alone"
                )
            waiting = await PostgresPassageIndex(pool).count_waiting()
        finally:
            await pool.close()
        return ok(f"texts are found by their meaning; {quantity(waiting, 'of them waits', 'of them wait')} for vectors")

    async def check_contents(self, *, mend: bool) -> AsyncIterator[CheckResult]:
        """Checks the content of every user, one after the other; `mend` recounts sums that are wrong."""
        number = letters = whole = 0
        after: str | None = None
        try:
            while users := await self.state.integrity.list_users(system_caller(), after=after, limit=USERS_PER_PAGE):
                for user_id in users:
                    number, after = number + 1, user_id
                    caller = Caller(user_id=user_id, kind="house")
                    lines = [line async for line in self._check_user(caller, mend=mend)]
                    whole += all(line.state == "ok" for line in lines)
                    for line in lines:
                        yield line
                    letters += len((await self._processors.dead_letters.list(caller, limit=MAX_PAGE_SIZE)).items)
        except (Fault, Refusal) as error:
            yield not_checked("what users have", error.detail)
            return
        yield ok(f"all that {whole:,} of {quantity(number, 'user has', 'users have')} is whole")
        yield ok(f"{quantity(letters, 'dead letter waits', 'dead letters wait')} for a decision of their users")

    async def _check_user(self, caller: Caller, *, mend: bool) -> AsyncIterator[CheckResult]:
        for finding in await self.state.integrity.examine(caller):
            if finding.rule != "sums" or not mend:
                yield finding_result(caller.user_id, finding)
                continue
            try:
                await self.state.integrity.recount(caller)
            except Conflict as busy:
                yield not_checked(f"{caller.user_id}: sums", busy.detail)
            else:
                yield ok(f"{caller.user_id}: sums are recounted ({'; '.join(finding.ids)})")


def finding_result(user_id: str, finding: Finding) -> CheckResult:
    rule = RULES[finding.rule]
    more = ", …" if finding.count > len(finding.ids) else ""
    what = f"{user_id}: {rule.wrong}: {finding.count:,} ({', '.join(finding.ids)}{more})"
    return ok(f"{what}; {rule.mend}") if rule.harmless else problem(what, rule.mend)


async def list_sharding_commands(url: str) -> list[str]:
    """Returns the commands that shard the state service's collections. Raises Fault and CannotStart."""
    from reyna.adapters.mongo.connection import open_mongo, sharding_commands

    database = await open_mongo(url)
    try:
        return sharding_commands(database.name, COLLECTIONS)
    finally:
        await database.client.close()


@asynccontextmanager
async def _open_store(
    settings: Settings, name: str, collections: Sequence[Collection[Any]] = ()
) -> AsyncIterator[Store]:
    url = getattr(settings, find_service(name).store_setting) or settings.postgres_url or ""
    async with AsyncExitStack() as stack:
        if url.startswith("mongodb"):
            from reyna.adapters.mongo.connection import open_mongo
            from reyna.adapters.mongo.store import MongoStore

            database = await open_mongo(url)
            stack.push_async_callback(database.client.close)
            yield MongoStore(database, name, collections)
        else:
            pool = await open_pool(url, size=1)
            stack.push_async_callback(pool.close)
            yield PostgresStore(pool, name, collections)
