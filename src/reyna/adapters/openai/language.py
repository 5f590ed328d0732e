"""The Language port on any OpenAI-compatible endpoint: chat completions, whole or streamed."""

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
from reyna.ports.language import Completion, Prompt

CHECK_TIMEOUT_SECONDS: Final = 4.0
RETRY_PAUSES_SECONDS: Final = (0.5, 2.0, 8.0)  # before the second, third and fourth attempt, give or take a quarter
MAX_PAUSE_SECONDS: Final = 30.0  # an endpoint that wants a longer one is left to the next attempt of the run
SILENCE_TIMEOUT_SECONDS: Final = 60.0  # without a byte; long enough for a queue of long answers before ours
CHARACTERS_PER_TOKEN: Final = 4  # of English with the usual vocabularies, where the endpoint counts no tokens
RETRIED_STATUSES: Final = frozenset({408, 409, 425, 429})  # and everything from 500
REPLACEMENTS: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
UNSUPPORTED: Final = re.compile(
    r"unsupported|not support|unknown|unrecognized|not permitted|extra (fields|inputs)", re.IGNORECASE
)
OPTIONAL_FIELDS: Final = ("temperature", "stop", "stream_options", "max_tokens", "max_completion_tokens")

T = TypeVar("T")


class OpenAILanguage:
    """A model at an OpenAI-compatible endpoint.

    `url` ends before `/chat/completions`, as in `https://api.openai.com/v1`. `max_concurrent` limits the answers that
    are written at the same time (None: no limit); other prompts wait without a timeout. Temporary errors (no
    connection, silence, 408, 409, 425, 429, 5xx) are retried, once after each of `pauses`; a stream that has begun is
    not, since its beginning has been handed out.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        model: str,
        *,
        timeout: float = SILENCE_TIMEOUT_SECONDS,
        max_concurrent: int | None = None,
        pauses: Sequence[float] = RETRY_PAUSES_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model, self._pauses, self._sleep = model, pauses, sleep
        self._host = urlsplit(url).netloc or url
        self._slots = asyncio.Semaphore(max_concurrent) if max_concurrent else nullcontext()
        self._unsupported: dict[str, str | None] = {}  # field that the endpoint does not take -> its replacement
        self._client = openai.AsyncOpenAI(base_url=url, api_key=key or "none", max_retries=0, timeout=timeout)

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        async with self._slots:
            answer = await self._retry(lambda: self._create(prompt))
        if not answer.choices:
            raise Fault(f"The language model at {self._host} sent an answer without content.")
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
            chunk, chunks = await self._retry(lambda: self._start_stream(prompt))
            answer = _StreamedAnswer(self._model, _estimate(prompt.system + prompt.user))
            try:
                while chunk is not None:
                    if piece := answer.add(chunk):
                        yield piece
                    chunk = await self._next(chunks)
            finally:
                await chunks.close()
        if answer.finish_reason is None:
            raise Fault(f"The language model at {self._host} broke off in the middle of its answer.")
        yield answer.completion()

    async def check(self) -> None:
        """Returns when the endpoint answers; not every endpoint lists its models. Raises Fault and Refusal."""
        try:
            await self._client.with_options(timeout=CHECK_TIMEOUT_SECONDS, max_retries=0).models.list()
        except openai.NotFoundError:
            return
        except (openai.OpenAIError, ValueError) as error:
            raise self._translate(error) from error

    async def _create(self, prompt: Prompt) -> Any:
        return await self._client.chat.completions.create(**self._request(prompt))

    async def _start_stream(self, prompt: Prompt) -> tuple[Any, Any]:
        """Returns the first chunk and the stream: some endpoints report an error only there."""
        request = self._request(prompt) | {"stream": True}
        if "stream_options" not in self._unsupported:
            request["stream_options"] = {"include_usage": True}
        chunks = await self._client.chat.completions.create(**request)
        try:
            return await anext(chunks, None), chunks
        except BaseException:
            await chunks.close()
            raise

    async def _next(self, chunks: Any) -> Any:
        try:
            return await anext(chunks, None)
        except (openai.OpenAIError, ValueError) as error:
            raise self._translate(error) from error

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        }
        if prompt.stop:
            request["stop"] = list(prompt.stop)
        for name, replacement in self._unsupported.items():
            value = request.pop(name, None)
            if replacement and value is not None:
                request[replacement] = value
        return request

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await call()
            except (openai.OpenAIError, ValueError) as error:
                if self._adapt_to(error):
                    continue
                translated, pause = self._translate(error), _retry_pause(error, attempt, self._pauses)
                if isinstance(translated, Refusal) or pause is None:
                    raise translated from error
            attempt += 1
            await self._sleep(pause)

    def _adapt_to(self, error: Exception) -> bool:
        """Returns whether the error names an unsupported field, which is left out or renamed from now on."""
        if not isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return False
        if not UNSUPPORTED.search(error.message):
            return False
        words = {error.param, *re.findall(r"[a-z_]+", error.message)}
        for name in OPTIONAL_FIELDS:
            if name in words and name not in self._unsupported:
                replacement = REPLACEMENTS.get(name)
                self._unsupported[name] = None if replacement in self._unsupported else replacement
                return True
        return False

    def _translate(self, error: Exception) -> Refusal | Fault:
        """Returns the refusal or fault for an error of the client."""
        model = f"The language model at {self._host}"
        match error:
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return Forbidden(f"{model} did not accept the key: check REYNA_LLM_KEY.")
            case openai.NotFoundError():
                return Invalid(
                    f"{model} does not know the model {self._model!r}: check REYNA_LLM_MODEL and REYNA_LLM_URL."
                )
            case openai.RateLimitError(code="insufficient_quota"):
                return TooMuch(f"The account at {self._host} has no credit left for the language model.")
            case openai.RateLimitError():
                return Fault(f"{model} has too many requests at the moment.")
            case openai.APIStatusError(status_code=status) if status < 500 and status not in RETRIED_STATUSES:
                return Invalid(f"{model} did not take the request: {error.message}")
            case openai.APITimeoutError():
                return TimedOut(f"{model} did not answer in time.")
            case openai.APIConnectionError():
                return Unserved(f"{model} cannot be reached.")
            case openai.APIStatusError(status_code=status):
                return Fault(f"{model} has an internal problem (HTTP {status}).")
        return Fault(f"{model} sent something that cannot be read.")


class _StreamedAnswer:
    """The chunks of a stream so far; tokens are estimated until the endpoint reports its own count."""

    def __init__(self, model: str, input_tokens: int) -> None:
        self._model, self._input, self._output = model, input_tokens, 0
        self._text: list[str] = []
        self.finish_reason: str | None = None

    def add(self, chunk: Any) -> str:
        """Adds a chunk and returns its text, which may be empty."""
        self._model = chunk.model or self._model
        if chunk.usage:
            self._input, self._output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        if not chunk.choices:
            return ""
        self.finish_reason = chunk.choices[0].finish_reason or self.finish_reason
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
            finished=self.finish_reason != "length",
        )


def _estimate(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _retry_pause(error: Exception, attempt: int, pauses: Sequence[float]) -> float | None:
    """Returns the seconds before the next attempt, as the endpoint says (RFC 9110 Retry-After) or by our back-off; None
    for no more attempts."""
    if attempt >= len(pauses):
        return None
    own = pauses[attempt] * random.uniform(0.75, 1.25)  # noqa: S311 - so that many clients spread
    if not isinstance(error, openai.APIStatusError):
        return own
    headers = error.response.headers
    requested = _retry_after(headers.get("retry-after"), headers.get("date"))
    if requested is None:
        return own
    return requested if requested <= MAX_PAUSE_SECONDS else None


def _retry_after(header: str | None, date: str | None) -> float | None:
    """Returns the seconds of a Retry-After header; a date is relative to the endpoint's own clock (RFC 9110 Date)."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None
