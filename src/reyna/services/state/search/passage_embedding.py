"""Passage embedding: gives the texts of changed entries their vectors, in the background and one after the other."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from reyna.domain.errors import Fault, Refusal
from reyna.domain.search.passages import PassageVector, WaitingEntry, split_into_passages
from reyna.ports.embeddings import Embeddings
from reyna.ports.passages import PassageIndex

PASSAGES_PER_CALL: Final = 4  # so that a query does not wait long behind them
POLL_SECONDS: Final = 2.0  # between two looks for entries that wait
RETRY_SECONDS: Final = 30.0  # before an entry is tried again, twice as long after each attempt
OUTAGE_SECONDS: Final = 15.0  # of rest, when the model or the index does not answer
log: Final = structlog.get_logger("reyna.services.state")


class PassageEmbedding:
    """Takes entries that wait and has their passages embedded. Copies of the service share the work."""

    def __init__(self, passages: PassageIndex, embeddings: Embeddings) -> None:
        self._passages, self._embeddings = passages, embeddings
        self._prepared: tuple[str, int] | None = None  # the model and the dimensions of its vectors
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="passage embedding")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def embed_waiting(self) -> int:
        """Embeds entries until none waits, and returns how many there were. Raises Fault."""
        done = 0
        while (entry := await self._passages.take()) is not None:
            await self._embed(entry)
            done += 1
        return done

    async def _embed(self, entry: WaitingEntry) -> None:
        pieces = list(split_into_passages(entry.text)) or ([(0, 0)] if entry.title else [])
        passages: list[PassageVector] = []
        try:
            for at in range(0, len(pieces), PASSAGES_PER_CALL):
                passages += await self._embed_pieces(entry, pieces[at : at + PASSAGES_PER_CALL])
        except Refusal as refusal:
            log.warning("a text has no vectors", id=entry.id, error=refusal.detail)
            await self._passages.postpone(entry, RETRY_SECONDS)
            return
        except Fault:
            await self._passages.postpone(entry, 0.0)
            raise
        await self._passages.replace(entry, passages)

    async def _embed_pieces(self, entry: WaitingEntry, pieces: list[tuple[int, int]]) -> list[PassageVector]:
        texts = [f"{entry.title}\n{entry.text[start:end]}".strip() for start, end in pieces]
        embedded = await self._embeddings.embed(texts)
        kept = embedded.model, len(embedded.vectors[0])
        if kept != self._prepared:
            await self._passages.prepare(*kept)
            self._prepared = kept
        return [
            PassageVector(start, end, vector) for (start, end), vector in zip(pieces, embedded.vectors, strict=True)
        ]

    async def _run(self) -> None:
        while True:
            pause = POLL_SECONDS
            try:
                await self.embed_waiting()
            except Fault as fault:
                log.info("texts wait for their vectors", error=fault.detail)
                pause = OUTAGE_SECONDS
            except Exception:
                log.exception("embedding texts broke; again in a while")
                pause = OUTAGE_SECONDS
            await asyncio.sleep(pause)
