"""The calls of a worker on behalf of one run that it has claimed over HTTPS, with the token of that run."""

from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import Conflict, Fault, NotFound, Refusal
from reyna.domain.processing.lease import (
    ClaimedRun,
    LeaseState,
    WorkFailure,
    WorkOutcome,
    WorkProgress,
    WorkRefusal,
)
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts
from reyna.domain.processing.run import Cost, Output, Run
from reyna.domain.processing.step import NewStep, RunStep
from reyna.domain.requests.page import Page
from reyna.domain.schema import Verdict
from reyna.domain.search.hit import SearchPage
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.sdk.context import BlobReads, BucketReads, ContentsReads, SearchReads
from reyna.sdk.processor import check_verdict
from reyna.sdk.rest.budgets import WorkerBudgets
from reyna.sdk.rest.studio_client import StudioClient

GIVEN_BACK: Final = "Its worker gave it back; another one may take it."


class RestRun:
    """The calls about one claimed run. `claim` has been made already."""

    def __init__(self, studio: StudioClient, claimed: ClaimedRun, worker_id: str, budgets: WorkerBudgets) -> None:
        run = claimed.run
        self._studio, self._claimed, self._worker_id, self._budgets = studio, claimed, worker_id, budgets
        budgets.begin(run.user_id, claimed.budget)
        self.has_spending_cap = claimed.budget is not None and budgets.price is not None
        self._path, self._is_held = f"/runs/{run.id}", True
        self.caller = Caller(user_id=run.user_id, kind="processor", processor_id=run.processor_id, run_id=run.id)

    async def claim(self) -> None:
        """Does nothing: the run was claimed before its blob was known."""

    async def release(self, seconds: float, reason: str | None) -> None:
        """Gives the run back for so many seconds, unless the studio has it back already."""
        if self._is_held:
            with suppress(Fault, Refusal):
                await self._fail(WorkFailure(reason=reason or GIVEN_BACK, retry_after=seconds, worker=self._worker_id))

    async def get_blob(self) -> Blob:
        return self._claimed.blob

    async def get_step(self, name: str, blob_revision: int) -> RunStep | None:
        """Returns a finished step of this run, which counts for the revision that was handed out with it."""
        try:
            step: RunStep = await self._ask(RunStep, "GET", f"{self._path}/steps/{quote(name, safe='')}")
        except NotFound:
            return None
        return step

    async def put_step(self, name: str, result: Any, cost: Cost, blob_revision: int) -> RunStep:
        path, new = f"{self._path}/steps/{quote(name, safe='')}", NewStep(result=result, cost=cost)
        step: RunStep = await self._ask(RunStep, "PUT", path, new)
        return step

    async def put_prompts(self, new: NewPrompts) -> KeptPrompts:
        """Stores prompts that this run has sent to a model. Raises Refusal and Fault."""
        kept: KeptPrompts = await self._ask(KeptPrompts, "PUT", f"{self._path}/prompts", new)
        return kept

    async def reserve_call(self, call: CallReservation) -> None:
        """Reserves the call below what is left of the cap, as far as this worker knows. Raises SpendingCapReached."""
        self._budgets.reserve(self.caller.user_id, call)

    async def report_costs(self, report: CostReport) -> None:
        """Reports what this attempt has used."""
        await self._ask(Run, "POST", f"{self._path}/costs", report)
        self._budgets.settle(self.caller.user_id, report)

    async def check_outputs(self, outputs: list[Output], default_schema_id: str) -> None:
        """Raises InvalidOutput for an output that does not fit its schema, before anything is stored."""
        for output in outputs:
            schema_id = output.schema_id or default_schema_id
            path = f"/schemas/{quote(schema_id, safe='')}/validate"
            verdict: Verdict = await self._ask(Verdict, "POST", path, {"data": output.data})
            check_verdict(self._claimed.run.processor_id, schema_id, verdict)

    async def complete(self, outputs: list[Output], cost: Cost, blob_revision: int) -> None:
        """Stores the outputs. Raises Conflict when the run has ended otherwise."""
        outcome = WorkOutcome(outputs=outputs, cost=cost, blob_revision=blob_revision, worker=self._worker_id)
        await self._ask(Run, "POST", f"{self._path}/complete", outcome)
        self._is_held = False

    async def refuse(self, reason: str) -> None:
        """Ends the run because its blob is not for the processor, unless it has ended meanwhile."""
        with suppress(Conflict):
            refusal = WorkRefusal(reason=reason, worker=self._worker_id)
            await self._ask(Run, "POST", f"{self._path}/refuse", refusal)
        self._is_held = False

    async def fail(self, reason: str, *, final: bool) -> None:
        """Reports a failed attempt. Raises Conflict when the run has ended already."""
        await self._fail(WorkFailure(reason=reason, final=final, worker=self._worker_id))

    async def send_progress(self, fraction: float, text: str | None) -> LeaseState:
        """Shows the progress on the user's devices, and returns the state of the run."""
        progress = WorkProgress(progress=fraction, text=text, worker=self._worker_id)
        state: LeaseState = await self._ask(LeaseState, "POST", f"{self._path}/progress", progress)
        return state

    async def _fail(self, failure: WorkFailure) -> None:
        await self._ask(Run, "POST", f"{self._path}/fail", failure)
        self._is_held = False

    async def _ask(self, kind: Any, method: str, path: str, body: Any = None) -> Any:
        return await self._studio.ask(kind, method, path, body, token=self._claimed.token)


class RestState:
    """The content of the user, as a run may read it."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self.blobs: BlobReads = RestBlobs(studio, token)
        self.buckets: BucketReads = RestBuckets(studio, token)
        self.contents: ContentsReads = RestContents(studio, token)
        self.search: SearchReads = RestSearch(studio, token)


class RestBlobs:
    """The blobs of the user."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self._studio, self._token = studio, token

    async def get(self, caller: Caller, id: str) -> Blob:
        blob: Blob = await self._studio.ask(Blob, "GET", f"/blobs/{quote(id, safe='')}", token=self._token)
        return blob

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        query = _query_of({"bucket_id": bucket_id, "schema_id": schema_id, "limit": limit, "cursor": cursor})
        page: Page[Blob] = await self._studio.ask(Page[Blob], "GET", "/blobs", token=self._token, query=query)
        return page


class RestBuckets:
    """The buckets of the user."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self._studio, self._token = studio, token

    async def get(self, caller: Caller, id: str) -> Bucket:
        bucket: Bucket = await self._studio.ask(Bucket, "GET", f"/buckets/{quote(id, safe='')}", token=self._token)
        return bucket


class RestContents:
    """The contents of the user's buckets."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self._studio, self._token = studio, token

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]:
        path = f"/buckets/{quote(id, safe='')}/contents"
        query = _query_of({"kind": kind, "limit": limit, "cursor": cursor})
        page: Page[TreeItem] = await self._studio.ask(Page[TreeItem], "GET", path, token=self._token, query=query)
        return page


class RestSearch:
    """The search of the user."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self._studio, self._token = studio, token

    async def find(
        self,
        caller: Caller,
        q: str = "",
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
    ) -> SearchPage:
        query = _query_of({"q": q, "bucket_id": bucket_id, "schema_id": schema_id, "limit": limit})
        page: SearchPage = await self._studio.ask(SearchPage, "GET", "/search", token=self._token, query=query)
        return page


def _query_of(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}
