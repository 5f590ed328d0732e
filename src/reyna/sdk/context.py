"""The context of a run for a processor's function: the language model, blobs and buckets, settings and progress."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, overload

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.files.file import FileInfo
from reyna.domain.processing.run import Cost
from reyna.domain.requests.page import MAX_PAGE_SIZE, Page
from reyna.domain.search.hit import SearchHit, SearchPage
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.ports.language import Language
from reyna.sdk.files.file_access import FileAccess
from reyna.sdk.files.memory_files import SavedFiles
from reyna.sdk.language.metered import CallCosts, MeteredLanguage
from reyna.sdk.language.recorded import RecordedLanguage
from reyna.sdk.progress import REPORT_INTERVAL_SECONDS, ProgressReporter, SendProgress
from reyna.sdk.prompts.prompt_log import PromptLog, SendPrompts
from reyna.sdk.steps.durable_steps import DurableSteps, StepStore
from reyna.sdk.steps.memory_steps import MemorySteps

S = TypeVar("S")
T = TypeVar("T")


class BlobReads(Protocol):
    """The verbs on blobs that a context needs."""

    async def get(self, caller: Caller, id: str) -> Blob: ...

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]: ...


class BucketReads(Protocol):
    """The verb on buckets that a context needs."""

    async def get(self, caller: Caller, id: str) -> Bucket: ...


class ContentsReads(Protocol):
    """The verb on the contents of buckets that a context needs."""

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]: ...


class SearchReads(Protocol):
    """The verb of search that a context needs."""

    async def find(
        self,
        caller: Caller,
        q: str = "",
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
    ) -> SearchPage: ...


class StateService(Protocol):
    """The parts of the state service that a context needs."""

    blobs: BlobReads
    buckets: BucketReads
    contents: ContentsReads
    search: SearchReads


class Context(Generic[S]):
    """The tools of a processor's function: the methods below, the model `language`, and its own valid `settings`.

    `cancelled` becomes True when the user no longer wants the run, just before it is stopped; `cost` is what its calls
    of the model have cost so far.

    An `async def` awaits the calls. A plain `def` runs in a thread of its own, and calls by `wait` and `iterate`:
    `context.wait(context.progress(0.5))`.
    """

    def __init__(
        self,
        settings: S,
        *,
        language: Language | None,
        caller: Caller,
        state: StateService,
        send_progress: SendProgress,
        files: FileAccess | None = None,
        steps: StepStore | None = None,
        send_prompts: SendPrompts | None = None,
        costs: CallCosts | None = None,
        report_interval: float = REPORT_INTERVAL_SECONDS,
        is_rehearsal: bool = False,
        demonstration: bool = False,
    ) -> None:
        """Without `files` and `steps`, files and finished steps are kept in memory; without `send_prompts`, prompts are
        not kept.

        `costs` is told of each call of the language model; `demonstration`: it is the one that comes with the studio.
        """
        self.settings = settings
        self.is_rehearsal = is_rehearsal  # True while only the prompts are found out: no model answers
        self._prompts = PromptLog(send_prompts)
        self.language = MeteredLanguage(
            language and RecordedLanguage(language, self._prompts), costs, demonstration=demonstration
        )
        self.cancelled = False
        self._caller, self._state, self._files = caller, state, files or SavedFiles()
        self._steps = DurableSteps(steps or MemorySteps(), self.language)
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self._reporter = ProgressReporter(send_progress, interval=report_interval)

    @property
    def cost(self) -> Cost:
        return self.language.cost

    async def progress(self, fraction: float, text: str | None = None) -> None:
        """Reports the fraction that is done (0 to 1) and the text so far to the user's devices.

        Call it as often as you like: reports are throttled.
        """
        await self._on_worker_loop(lambda: self._reporter.report(fraction, text))

    @overload
    async def step(self, name: str, call: Callable[[], Awaitable[T]]) -> T: ...

    @overload
    async def step(self, name: str, call: Callable[[], T]) -> T: ...

    @overload
    async def step(self, name: str, call: Callable[[], Any], *, returns: type[T]) -> T: ...

    async def step(self, name: str, call: Callable[[], Any], *, returns: Any = None) -> Any:
        """Returns what `call` returns. Once it has, it is stored: a later attempt at this run does not call again.

        `call` is an async function, or a plain one, which runs in a thread of its own. Its result is JSON of at most
        4 MiB, and comes back as JSON does, also the first time: a tuple as a list, a struct as a dict, unless
        `returns` is its type. The same name stands for the same step. Raises Invalid for a name that is empty or
        longer than 200 characters, Invalid and TooLarge for a result that cannot be stored.
        """
        result = await self._on_worker_loop(lambda: self._steps.run(name, call))
        return result if returns is None else msgspec.convert(result, returns)

    async def blob(self, id: str) -> Blob:
        """Returns another blob of the same user. Raises NotFound."""
        return await self._on_worker_loop(lambda: self._state.blobs.get(self._caller, id))

    async def bucket(self, id: str) -> Bucket:
        """Returns a bucket of the same user. Raises NotFound."""
        return await self._on_worker_loop(lambda: self._state.buckets.get(self._caller, id))

    async def blobs(self, *, bucket: str | None = None, schema: str | None = None) -> AsyncIterator[Blob]:
        """Yields the user's blobs, or those in one bucket in its order, however many there are."""
        async for blob in self._read_pages(
            partial(self._state.blobs.list, self._caller, bucket_id=bucket, schema_id=schema)
        ):
            yield blob

    async def tree(self, bucket_id: str, *, kind: ItemKind | None = None) -> AsyncIterator[TreeItem]:
        """Yields a bucket of the user and all below it in reading order: each bucket before what is in it.

        The bucket itself comes first with depth 0. With the `kind` "blob" or "bucket", there are only these.
        The reads are few: one for each 200 items. Raises NotFound, and Conflict when what is read is moved meanwhile.
        """
        async for item in self._read_pages(partial(self._state.contents.list, self._caller, bucket_id, kind=kind)):
            yield item

    async def save_file(self, name: str, content: bytes | AsyncIterable[bytes]) -> FileInfo:
        """Stores a file of the user, of any size, and returns the facts about it; a blob refers to it by its `id`.

        The same content is the same file: an attempt that is made again leaves none twice. A file that no blob refers
        to is removed after some time. Raises TooLarge and TooMuch.
        """
        stream = _single(bytes(content)) if isinstance(content, bytes | bytearray | memoryview) else content
        return await self._on_worker_loop(lambda: self._files.save(self._caller, name, stream))

    async def open_file(self, id: str) -> AsyncIterator[bytes]:
        """Yields the content of a file of the user, some MiB at a time. Raises NotFound."""
        parts = self._files.open(self._caller, id)
        try:
            while (part := await self._on_worker_loop(lambda: anext(parts, None))) is not None:
                yield part
        finally:
            if isinstance(parts, AsyncGenerator):
                await self._on_worker_loop(parts.aclose)

    async def search(
        self, q: str, *, bucket: str | None = None, schema: str | None = None, limit: int = 20
    ) -> list[SearchHit]:
        """Returns the user's blobs and buckets that have the words of `q`, the best first, at most `limit` (1 to 200).

        `bucket`: only what is in this bucket or below it; `schema`: only blobs of this schema. `q` is as in the search
        of the studio: phrases in quotes, `-word` for what must not be there. Raises NotFound for an unknown bucket.
        """
        page = await self._on_worker_loop(
            lambda: self._state.search.find(self._caller, q, bucket_id=bucket, schema_id=schema, limit=limit)
        )
        return list(page.items)

    # --- for a plain `def`, in its thread ---

    def wait(self, call: Awaitable[T]) -> T:
        """Returns the result of a call such as `context.blob(id)` or `context.language.complete(prompt)`.

        Raises what the call raises, and CancelledError once the run is over or cancelled.
        """
        if self._ended or self.cancelled:
            _close_unawaited(call)
            raise asyncio.CancelledError("This run is over.")
        return asyncio.run_coroutine_threadsafe(_await(call), self._loop).result()

    def iterate(self, source: AsyncIterable[T]) -> Iterator[T]:
        """Yields the items of an async iterator such as `context.blobs()` or `context.language.stream(prompt)`."""
        iterator = aiter(source)
        try:
            while True:
                try:
                    item = self.wait(anext(iterator))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            if isinstance(iterator, AsyncGenerator):
                asyncio.run_coroutine_threadsafe(_await(iterator.aclose()), self._loop)

    # --- for the worker ---

    async def end(self, *, send: bool) -> None:
        """Sends or drops the last report, and sends the last prompts; from now on, `wait` raises CancelledError in a
        thread that still works."""
        self._ended = True
        await asyncio.gather(self._reporter.finish(send=send), self._prompts.finish())

    async def _read_pages(self, read: Callable[..., Awaitable[Page[T]]]) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            page = await self._on_worker_loop(partial(read, limit=MAX_PAGE_SIZE, cursor=cursor))
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    async def _on_worker_loop(self, call: Callable[[], Awaitable[T]]) -> T:
        """Makes the call in the event loop of the worker, also when it comes from another one, as in a thread."""
        if asyncio.get_running_loop() is self._loop:
            return await call()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_await(call()), self._loop))


async def _single(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _await(call: Awaitable[T]) -> T:
    return await call


def _close_unawaited(call: Awaitable[Any]) -> None:
    """Closes a coroutine that is never awaited, so that Python does not warn of it."""
    if isinstance(call, Coroutine):
        call.close()
