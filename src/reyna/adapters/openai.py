"""A language model behind any OpenAI-compatible endpoint: chat completions, whole or streamed."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import openai

from reyna.domain.errors import Fault, Forbidden, Invalid, Refusal, TimedOut, TooMuch, Unserved
from reyna.ports import Completion, Prompt

WAITS: Final = (0.5, 2.0, 8.0)  # seconds before the second, third and fourth try, give or take a quarter
LONGEST_WAIT: Final = 30.0  # seconds; an endpoint that asks for more gets its question in another attempt of the run
TIMEOUT: Final = 60.0  # seconds without a byte; a queue of long answers before ours is still in time
CHARACTERS_PER_TOKEN: Final = 4  # of English with the usual vocabularies; only where the endpoint counts nothing
AGAIN: Final = frozenset({408, 409, 425, 429})  # and everything from 500
INSTEAD: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
UNKNOWN: Final = re.compile(
    r"unsupported|not support|unknown|unrecognized|not permitted|extra (fields|inputs)", re.IGNORECASE
)
OPTIONAL: Final = ("temperature", "stop", "stream_options", "max_tokens", "max_completion_tokens")

T = TypeVar("T")


class OpenAILanguage:
    """Implements `reyna.ports.Language`.

    `url` ends where `/chat/completions` begins, as in `https://api.openai.com/v1`; `at_once` bounds the answers that
    are written at the same time (None: as many as are asked for); the rest wait their turn without a timeout.
    What may mend itself (no connection, silence, 408, 409, 425, 429, 5xx) is tried again, once after each of `waits`;
    a stream that has begun is not, since its beginning has been handed out.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        model: str,
        *,
        timeout: float = TIMEOUT,
        at_once: int | None = None,
        waits: Sequence[float] = WAITS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model, self._waits, self._sleep = model, waits, sleep
        self._where = urlsplit(url).netloc or url
        self._slots = asyncio.Semaphore(at_once) if at_once else nullcontext()
        self._refused: dict[str, str | None] = {}  # what this endpoint does not take, and what it takes instead
        self._client = openai.AsyncOpenAI(base_url=url, api_key=key or "none", max_retries=0, timeout=timeout)

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        async with self._slots:
            answer = await self._persistently(lambda: self._ask(prompt))
        if not answer.choices:
            raise Fault(f"The language model at {self._where} sent an answer without content.")
        text, usage = answer.choices[0].message.content or "", answer.usage
        return Completion(
            text=text,
            model=answer.model or self._model,
            input_tokens=usage.prompt_tokens if usage else _estimate(prompt.system + prompt.user),
            output_tokens=usage.completion_tokens if usage else _estimate(text),
            finished=answer.choices[0].finish_reason != "length",
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        async with self._slots:
            first, chunks = await self._persistently(lambda: self._begin(prompt))
            told = _Told(self._model, _estimate(prompt.system + prompt.user))
            try:
                while first is not None:
                    if piece := told.of(first):
                        yield piece
                    first = await self._next(chunks)
            finally:
                await chunks.close()
        if told.reason is None:
            raise Fault(f"The language model at {self._where} broke off in the middle of its answer.")
        yield told.completion()

    async def _ask(self, prompt: Prompt) -> Any:
        return await self._client.chat.completions.create(**self._request(prompt))

    async def _begin(self, prompt: Prompt) -> tuple[Any, Any]:
        """The stream and its first chunk: many an endpoint says only there that it cannot."""
        asked = self._request(prompt) | {"stream": True}
        if "stream_options" not in self._refused:
            asked["stream_options"] = {"include_usage": True}
        chunks = await self._client.chat.completions.create(**asked)
        try:
            return await anext(chunks, None), chunks
        except BaseException:
            await chunks.close()
            raise

    async def _next(self, chunks: Any) -> Any:
        try:
            return await anext(chunks, None)
        except (openai.OpenAIError, ValueError) as error:
            raise self._meaning(error) from error

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        }
        if prompt.stop:
            asked["stop"] = list(prompt.stop)
        for name, instead in self._refused.items():
            value = asked.pop(name, None)
            if instead and value is not None:
                asked[instead] = value
        return asked

    async def _persistently(self, ask: Callable[[], Awaitable[T]]) -> T:
        tries = 0
        while True:
            try:
                return await ask()
            except (openai.OpenAIError, ValueError) as error:
                if self._learned(error):
                    continue
                meaning, wait = self._meaning(error), _wait(error, tries, self._waits)
                if isinstance(meaning, Refusal) or wait is None:
                    raise meaning from error
            tries += 1
            await self._sleep(wait)

    def _learned(self, error: Exception) -> bool:
        """Whether the endpoint named a field it does not take; it is left out (or renamed) from now on."""
        if not isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return False
        if not UNKNOWN.search(error.message):
            return False
        named = {error.param, *re.findall(r"[a-z_]+", error.message)}
        for name in OPTIONAL:
            if name in named and name not in self._refused:
                instead = INSTEAD.get(name)
                self._refused[name] = None if instead in self._refused else instead
                return True
        return False

    def _meaning(self, error: Exception) -> Refusal | Fault:
        """What an error of the client says in the words of the house."""
        model = f"The language model at {self._where}"
        match error:
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return Forbidden(f"{model} did not accept the key: check REYNA_LLM_KEY.")
            case openai.NotFoundError():
                return Invalid(
                    f"{model} does not know the model {self._model!r}: check REYNA_LLM_MODEL and REYNA_LLM_URL."
                )
            case openai.RateLimitError(code="insufficient_quota"):
                return TooMuch(f"The account at {self._where} has no credit left for the language model.")
            case openai.RateLimitError():
                return Fault(f"{model} is asked too much at the moment.")
            case openai.APIStatusError(status_code=status) if status < 500 and status not in AGAIN:
                return Invalid(f"{model} did not take the request: {error.message}")
            case openai.APITimeoutError():
                return TimedOut(f"{model} did not answer in time.")
            case openai.APIConnectionError():
                return Unserved(f"{model} cannot be reached.")
            case openai.APIStatusError(status_code=status):
                return Fault(f"{model} has a problem of its own (HTTP {status}).")
        return Fault(f"{model} sent something that cannot be read.")


class _Told:
    """What a stream has said so far, counted by ourselves until the endpoint says its own count."""

    def __init__(self, model: str, input_tokens: int) -> None:
        self._model, self._input, self._output = model, input_tokens, 0
        self._text: list[str] = []
        self.reason: str | None = None

    def of(self, chunk: Any) -> str:
        """The text of this chunk, which may be none."""
        self._model = chunk.model or self._model
        if chunk.usage:
            self._input, self._output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        if not chunk.choices:
            return ""
        self.reason = chunk.choices[0].finish_reason or self.reason
        piece = chunk.choices[0].delta.content or ""
        if piece:
            self._text.append(piece)
            self._output += not chunk.usage
        return str(piece)

    def completion(self) -> Completion:
        return Completion(
            text="".join(self._text),
            model=self._model,
            input_tokens=self._input,
            output_tokens=self._output,
            finished=self.reason != "length",
        )


def _estimate(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _wait(error: Exception, tries: int, waits: Sequence[float]) -> float | None:
    """Seconds until the next try, as the endpoint asks (RFC 9110 Retry-After) or by our own back-off; None: give up."""
    if tries >= len(waits):
        return None
    own = waits[tries] * random.uniform(0.75, 1.25)  # noqa: S311 - so that many do not come back at once
    if not isinstance(error, openai.APIStatusError):
        return own
    asked = _retry_after(error.response.headers.get("retry-after"))
    if asked is None:
        return own
    return asked if asked <= LONGEST_WAIT else None


def _retry_after(header: str | None) -> float | None:
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
