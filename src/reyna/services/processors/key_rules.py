"""The rule of each verb of the processor service for an API key that is limited to buckets."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.processing.run import Run
from reyna.domain.requests.page import Page
from reyna.services.guarded_service import KeyCall, KeyRule, pass_on, refuse
from reyna.services.processors.neighbours import StateVerbs

if TYPE_CHECKING:
    from reyna.services.processors.service import Processors

READS_OF_NO_BUCKET = (
    *("registry.get", "registry.health", "registry.list", "registry.list_versions"),
    "runs.usage",
)


class RunRules:
    """The rules of the verbs on runs: a key reaches the runs on the blobs that it reaches."""

    def __init__(self, processors: "Processors", state: StateVerbs) -> None:
        self._processors, self._state = processors, state

    async def of_run(self, call: KeyCall) -> Any:
        """The rule of a verb that names a run as `id`. Raises NotFound."""
        run = await self._processors.runs.get(call.caller, call.arguments["id"])
        if not await self._blobs_within(call.caller, [run.blob_id]):
            raise NotFound(id=run.id)
        return await call.proceed()

    async def list(self, call: KeyCall) -> Page[Run]:
        """Leaves out the runs on other blobs, so that a page may be short although more follows."""
        page: Page[Run] = await call.proceed()
        within = await self._blobs_within(call.caller, (run.blob_id for run in page.items))
        return replace(page, items=tuple(run for run in page.items if run.blob_id in within))

    async def _blobs_within(self, caller: Caller, blob_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of the blobs that the key reaches, which the state service knows."""
        wanted = [*dict.fromkeys(blob_ids)]
        found = await asyncio.gather(*(self._is_within(caller, blob_id) for blob_id in wanted))
        return frozenset(blob_id for blob_id, is_within in zip(wanted, found, strict=True) if is_within)

    async def _is_within(self, caller: Caller, blob_id: str) -> bool:
        try:
            await self._state.blobs.get_stored(caller, blob_id)
        except NotFound:
            return False
        return True


def key_rules(processors: "Processors") -> Mapping[str, KeyRule]:
    """Returns the rules by `part.verb`. A verb that is not among them is refused to a key that is limited to
    buckets.

    Requests and estimates read their blobs from the state service, which holds them to the key. A worker comes with the
    token of its run, which is limited as the key that requested it, and only the state service has to know.
    """
    rules = RunRules(processors, processors.state)
    of_worker = (
        *("execution.claim", "execution.complete", "execution.fail", "execution.refuse", "execution.release"),
        *("steps.get", "steps.put", "prompts.put", "run_models.get", "costs.report", "spending.reserve"),
        *("leases.beat", "leases.fail", "leases.progress"),
    )
    return {
        **dict.fromkeys(READS_OF_NO_BUCKET, pass_on),
        **dict.fromkeys(("runs.request", "estimates.compute"), pass_on),
        **dict.fromkeys(("runs.get", "runs.cancel", "runs.retry"), rules.of_run),
        "runs.list": rules.list,
        **dict.fromkeys(of_worker, _of_worker),
    }


async def _of_worker(call: KeyCall) -> Any:
    """The rule of a verb for workers, which hold a token of their run. Raises OutsideOfKey for a key."""
    return await (pass_on(call) if call.caller.kind == "processor" else refuse(call))
