"""What a processor is given to work with: the model, its neighbours, its settings, and a way to say how far it is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final, Generic, Protocol, TypeVar

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.page import MOST, Page
from reyna.domain.run import Cost
from reyna.ports import Completion, Language, Prompt

S = TypeVar("S")
EVERY: Final = 0.1  # seconds between two reports: what an eye can follow
BYTES_PER_SECOND: Final = 100_000  # of reported text for each run: a long one is told less often
CHARACTERS_PER_TOKEN: Final = 4  # of a prompt whose answer was broken off before its tokens were counted

Tell = Callable[[float, str | None], Awaitable[None]]


class ContentVerbs(Protocol):
    """What a context needs of the state service."""

    async def blob(self, caller: Caller, id: str) -> Blob: ...

    async def blobs(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]: ...

    async def bucket(self, caller: Caller, id: str) -> Bucket: ...


class CountedLanguage:
    """A language model whose tokens are added up over all calls of one run."""

    def __init__(self, language: Language | None) -> None:
        self._language = language
        self.cost = Cost()

    async def complete(self, prompt: Prompt) -> Completion:
        completion = await self._model().complete(prompt)
        self._add(completion.model, completion.input_tokens, completion.output_tokens)
        return completion

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        """Pieces, then one Completion. Close it (`contextlib.aclosing`) when you stop before its end: the model
        stops writing, and what it wrote until then is counted, a piece for a token."""
        pieces, counted = 0, False
        source = self._model().stream(prompt)
        try:
            async for piece in source:
                if isinstance(piece, Completion):
                    counted = True
                    self._add(piece.model, piece.input_tokens, piece.output_tokens)
                else:
                    pieces += 1
                yield piece
        finally:
            if not counted and pieces:
                self._add(self.cost.model, (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN, pieces)
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    def _model(self) -> Language:
        if self._language is None:
            raise Fault("No language model is set up: see REYNA_LLM_URL.")
        return self._language

    def _add(self, model: str | None, read: int, written: int) -> None:
        self.cost = Cost(
            model=model,
            input_tokens=self.cost.input_tokens + read,
            output_tokens=self.cost.output_tokens + written,
        )


class Reports:
    """Passes on how far a run is: at once after a silence, else the latest a little later; the last is never lost."""

    def __init__(self, tell: Tell, *, every: float = EVERY) -> None:
        self._tell, self._every = tell, every
        self._free_at = 0.0  # the loop's time from which the next report may go out
        self._waiting: tuple[float, str | None] | None = None
        self._sender: asyncio.Task[None] | None = None

    async def report(self, fraction: float, text: str | None) -> None:
        self._waiting = (min(max(fraction, 0.0), 1.0), text)
        if self._sender is None or self._sender.done():
            if asyncio.get_running_loop().time() >= self._free_at:
                await self._send()
            else:
                self._sender = asyncio.create_task(self._send_later())

    async def finish(self, *, send: bool = True) -> None:
        """Sends what is still waiting, or drops it."""
        if not send:
            self._waiting = None
        if self._sender is not None:
            if self._waiting is not None or not send:  # newer than what is being sent, if anything is
                self._sender.cancel()
            await asyncio.wait([self._sender])
            self._sender = None
        await self._send()

    async def _send_later(self) -> None:
        while self._waiting is not None:
            await asyncio.sleep(self._free_at - asyncio.get_running_loop().time())
            await self._send()

    async def _send(self) -> None:
        if self._waiting is None:
            return
        (fraction, text), self._waiting = self._waiting, None
        pause = max(self._every, len(text or "") / BYTES_PER_SECOND) if self._every else 0.0
        self._free_at = asyncio.get_running_loop().time() + pause
        await self._tell(fraction, text)


class Context(Generic[S]):
    """Everything a processor's function may use; `settings` are its own, valid."""

    def __init__(
        self,
        settings: S,
        *,
        language: Language | None,
        caller: Caller,
        content: ContentVerbs,
        tell: Tell,
        every: float = EVERY,
    ) -> None:
        self.settings = settings
        self.language = CountedLanguage(language)
        self.cancelled = False  # becomes True when the user no longer wants this run, just before it is stopped
        self._caller, self._content = caller, content
        self.reports = Reports(tell, every=every)

    @property
    def cost(self) -> Cost:
        return self.language.cost

    async def progress(self, fraction: float, text: str | None = None) -> None:
        """How far the run is (0 to 1) and the text so far, for the user's devices. Call it as often as you like."""
        await self.reports.report(fraction, text)

    async def blob(self, id: str) -> Blob:
        """Another blob of the same user. Raises NotFound."""
        return await self._content.blob(self._caller, id)

    async def bucket(self, id: str) -> Bucket:
        """Raises NotFound."""
        return await self._content.bucket(self._caller, id)

    async def blobs(self, *, bucket: str | None = None, schema: str | None = None) -> AsyncIterator[Blob]:
        """The user's blobs, or those in one bucket in its order; `async for`, however many there are."""
        cursor: str | None = None
        while True:
            page = await self._content.blobs(
                self._caller, bucket_id=bucket, schema_id=schema, limit=MOST, cursor=cursor
            )
            for blob in page.items:
                yield blob
            if page.next_cursor is None:
                return
            cursor = page.next_cursor
