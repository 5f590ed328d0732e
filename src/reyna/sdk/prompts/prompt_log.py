"""The log of the prompts of one attempt: each is recorded as it is sent, and handed on in batches beside the work."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.errors import Fault, Refusal
from reyna.domain.ids import new_id
from reyna.domain.processing.prompts.prompt import (
    MAX_ANSWER_CHARACTERS,
    MAX_ATTEMPT_CHARACTERS,
    MAX_ERROR_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_PROMPTS_PER_BATCH,
    MAX_PROMPTS_PER_RUN,
    KeptPrompts,
    NewPrompts,
    RunPrompt,
)
from reyna.domain.text.clusters import truncate
from reyna.domain.text.tokens import estimate_tokens
from reyna.ports.language import Completion, Prompt
from reyna.sdk.prompts.counting import count_parts, share_tokens

SEND_INTERVAL_SECONDS: Final = 1.0  # between two batches; the pause doubles while they cannot be sent
MAX_PAUSE_SECONDS: Final = 30.0
SEND_TIMEOUT_SECONDS: Final = 10.0
LAST_SEND_SECONDS: Final = 3.0  # for the last batch, at the end of an attempt
MAX_BATCH_CHARACTERS: Final = 400_000
MIN_KEPT_CHARACTERS: Final = 200  # of a prompt, when the attempt has used up what is kept of it

SendPrompts = Callable[[NewPrompts], Awaitable[KeptPrompts]]
"""Hands prompts on to be stored."""

log = logging.getLogger(__name__)


class PromptLog:
    """Records prompts and sends them on, each at least once: open ones after a second, and again with their answer.

    What cannot be sent is kept and sent again, until the attempt has ended; it never makes the attempt fail. May be
    used in any thread.
    """

    def __init__(self, send: SendPrompts | None, *, interval: float = SEND_INTERVAL_SECONDS) -> None:
        self._send, self._interval = send, interval
        self._attempt_id, self._numbers = new_id("attempt"), count(1)
        self._unsent: dict[int, RunPrompt] = {}
        self._characters = 0
        self._loop = asyncio.get_running_loop()
        self._sender: asyncio.Task[None] | None = None
        self._ended = False

    def begin(self, prompt: Prompt) -> "RecordedCall":
        """Records a prompt that is about to be sent."""
        return RecordedCall(self, self._new_prompt(prompt))

    def record(self, prompt: RunPrompt) -> None:
        """Records a prompt as it is now; the latest state of each number is sent."""
        if self._send is None or self._ended or prompt.number > MAX_PROMPTS_PER_RUN:
            return
        self._unsent[prompt.number] = prompt
        with suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(self._start_sending)

    async def finish(self) -> None:
        """Sends what is left, for three seconds at most. Nothing is recorded any more."""
        self._ended = True
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])
        if not self._unsent:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SEND_SECONDS):
                await self._send_unsent()
        if self._unsent:
            log.warning("%d prompts of a run could not be kept", len(self._unsent))

    def _new_prompt(self, prompt: Prompt) -> RunPrompt:
        left = max(MAX_ATTEMPT_CHARACTERS - self._characters, MIN_KEPT_CHARACTERS)
        number = next(self._numbers)
        parts = count_parts(prompt, most=min(left, MAX_PROMPT_CHARACTERS)) if self._send is not None else ()
        recorded = RunPrompt(
            number=number,
            state="sent",
            parts=parts,
            max_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            input_tokens=sum(part.tokens for part in parts),
            sent_at=datetime.now(UTC),
        )
        self._characters += recorded.kept_characters
        self.record(recorded)
        return recorded

    def _start_sending(self) -> None:
        if not self._ended and (self._sender is None or self._sender.done()):
            self._sender = asyncio.create_task(self._send_at_intervals(), name="prompts of a run")

    async def _send_at_intervals(self) -> None:
        pause = self._interval
        while self._unsent:
            await asyncio.sleep(pause)
            sent = await self._send_unsent()
            pause = self._interval if sent else min(pause * 2, MAX_PAUSE_SECONDS)

    async def _send_unsent(self) -> bool:
        """Returns whether all that was there could be sent."""
        while batch := self._next_batch():
            try:
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                    if await self._send_batch(batch):
                        return True
            except (Fault, TimeoutError) as error:
                log.info("prompts are sent again: %s", error)
                return False
        return True

    async def _send_batch(self, batch: list[RunPrompt]) -> bool:
        """Sends a batch and returns True when no more are kept. Raises Fault."""
        if self._send is None:
            return True
        try:
            kept = await self._send(NewPrompts(attempt_id=self._attempt_id, prompts=tuple(batch)))
        except Refusal as refusal:
            log.warning("the prompts of a run are not kept: %s", refusal.detail)
            kept = KeptPrompts(kept=0, is_full=True)
        for prompt in batch:
            if self._unsent.get(prompt.number) is prompt:  # otherwise it has changed meanwhile
                del self._unsent[prompt.number]
        if kept.is_full:
            self._ended = True
            self._unsent.clear()
        return kept.is_full

    def _next_batch(self) -> list[RunPrompt]:
        batch, characters = list[RunPrompt](), 0
        for prompt in list(self._unsent.values()):
            characters += prompt.kept_characters
            if len(batch) == MAX_PROMPTS_PER_BATCH or (batch and characters > MAX_BATCH_CHARACTERS):
                break
            batch.append(prompt)
        return batch


class RecordedCall:
    """One call of the model, from its prompt to its end."""

    def __init__(self, log: PromptLog, prompt: RunPrompt) -> None:
        self._log, self._prompt = log, prompt
        self._begun = time.monotonic()

    def answer(self, completion: Completion) -> None:
        counted = completion.counted
        self._end(
            state="answered",
            model=completion.model or None,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            cached_tokens=completion.cached_tokens,
            parts=share_tokens(self._prompt.parts, completion.input_tokens) if counted else self._prompt.parts,
            estimated=not counted,
            complete=completion.finished,
            **_kept_answer(completion.text),
        )

    def break_off(self, text: str) -> None:
        """Records that the processor stopped reading the answer, of which this much had come."""
        self._end(state="broken_off", complete=False, output_tokens=estimate_tokens(text), **_kept_answer(text))

    def fail(self, error: BaseException, text: str = "") -> None:
        if isinstance(error, asyncio.CancelledError):
            self.break_off(text)
            return
        detail = error.detail if isinstance(error, Refusal | Fault) else type(error).__name__
        answer = _kept_answer(text) if text else {}
        self._end(state="failed", complete=False, error=truncate(detail, MAX_ERROR_CHARACTERS), **answer)

    def _end(self, **changes: Any) -> None:
        seconds = round(time.monotonic() - self._begun, 3)
        self._log.record(replace(self._prompt, seconds=seconds, **changes))


def _kept_answer(text: str) -> dict[str, Any]:
    return {"answer": truncate(text, MAX_ANSWER_CHARACTERS), "answer_characters": len(text)}
