"""The language model of a worker that has the SDK alone: an OpenAI-compatible endpoint, asked with httpx."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import msgspec

from reyna.domain.errors import Fault, Forbidden, Invalid
from reyna.domain.text.clusters import truncate
from reyna.ports.language import Completion, EndpointFault, Prompt, endpoint_name

CONNECT_TIMEOUT_SECONDS: Final = 10.0
SILENCE_TIMEOUT_SECONDS: Final = 120.0  # until the next byte of an answer
CHARACTERS_PER_TOKEN: Final = 4  # of a text whose tokens the endpoint does not count
MAX_REASON_CHARACTERS: Final = 500
SCHEMA_FIELD: Final = "response_format"
END_OF_STREAM: Final = "[DONE]"


class TokenUsage(msgspec.Struct, frozen=True):
    """The tokens of a call, as the endpoint counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class AnswerText(msgspec.Struct, frozen=True):
    """A whole answer, or the next piece of one."""

    content: str | None = None


class AnswerChoice(msgspec.Struct, frozen=True):
    """An answer with the reason of its end: `message` when it is whole, `delta` in a stream."""

    message: AnswerText = AnswerText()
    delta: AnswerText = AnswerText()
    finish_reason: str | None = None


class EndpointAnswer(msgspec.Struct, frozen=True):
    """The parts of an answer of the endpoint that count here; a stream consists of many."""

    choices: list[AnswerChoice] = []
    model: str | None = None
    usage: TokenUsage | None = None


class EndpointLanguage:
    """The Language port: one request for each call. A run whose call fails is tried again, with back-off.

    `url` ends before `/chat/completions`, as in `http://127.0.0.1:11434/v1`.
    """

    def __init__(
        self, url: str, key: str | None, model: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url, self._model, self._name = f"{url.rstrip('/')}/chat/completions", model, endpoint_name(url)
        self._http = httpx.AsyncClient(
            headers={"authorization": f"Bearer {key or 'none'}"},
            timeout=httpx.Timeout(SILENCE_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            transport=transport,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def complete(self, prompt: Prompt) -> Completion:
        with self._translated_errors():
            response = await self._send(self._request(prompt), stream=False)
            answer = msgspec.json.decode(response.content, type=EndpointAnswer)
        if not answer.choices:
            raise Fault(f"The language model at {self._name} sent an answer without content.")
        choice = answer.choices[0]
        return self._completion(prompt, choice.message.content or "", answer, choice.finish_reason)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        pieces, last, finish_reason = list[str](), EndpointAnswer(), None
        with self._translated_errors():
            request = self._request(prompt) | {"stream": True, "stream_options": {"include_usage": True}}
            response = await self._send(request, stream=True)
            try:
                async for answer in _read_stream(response):
                    last = msgspec.structs.replace(answer, usage=answer.usage or last.usage)
                    for choice in answer.choices[:1]:
                        finish_reason = choice.finish_reason or finish_reason
                        if piece := choice.delta.content:
                            pieces.append(piece)
                            yield piece
            finally:
                await response.aclose()
        if finish_reason is None:
            raise Fault(f"The language model at {self._name} broke off in the middle of its answer.")
        yield self._completion(prompt, "".join(pieces), last, finish_reason)

    def _completion(self, prompt: Prompt, text: str, answer: EndpointAnswer, finish_reason: str | None) -> Completion:
        usage = answer.usage or TokenUsage(_estimate(prompt.system + prompt.user), _estimate(text))
        return Completion(
            text=text,
            model=answer.model or self._model,
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            finished=finish_reason != "length",
            counted=answer.usage is not None,
        )

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        }
        if prompt.stop:
            request["stop"] = list(prompt.stop)
        if prompt.schema is not None:
            request[SCHEMA_FIELD] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": prompt.schema}}
        return request

    async def _send(self, request: dict[str, Any], *, stream: bool) -> httpx.Response:
        """Sends the request, and again without its schema to an endpoint that takes none. Raises Refusal and Fault."""
        response = await self._http.send(self._http.build_request("POST", self._url, json=request), stream=stream)
        if response.is_success:
            return response
        reason = truncate((await response.aread()).decode(errors="replace"), MAX_REASON_CHARACTERS)
        await response.aclose()
        if response.status_code in (400, 422) and SCHEMA_FIELD in request:
            without = {name: value for name, value in request.items() if name != SCHEMA_FIELD}
            return await self._send(without, stream=stream)
        raise self._error_of(response, reason)

    def _error_of(self, response: httpx.Response, reason: str) -> Exception:
        status, said = response.status_code, f"The language model at {self._name} answered {response.status_code}"
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            after = response.headers.get("retry-after", "")
            return EndpointFault(f"{said}.", status=status, retry_after=float(after) if after.isdigit() else None)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return Forbidden(f"{said}: check REYNA_LLM_KEY.")
        return Invalid(f"{said} ({self._model}): {reason}")

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise EndpointFault(
                f"The language model at {self._name} cannot be reached: {error or type(error).__name__}"
            ) from error
        except msgspec.MsgspecError as error:
            raise Fault(f"The language model at {self._name} answers in another shape than was agreed.") from error


async def _read_stream(response: httpx.Response) -> AsyncIterator[EndpointAnswer]:
    """Yields the answers of a stream of server-sent events."""
    async for line in response.aiter_lines():
        field, _, text = line.partition(":")
        if field == "data" and text.strip() and text.strip() != END_OF_STREAM:
            yield msgspec.json.decode(text, type=EndpointAnswer)


def _estimate(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
