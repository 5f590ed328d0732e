"""The Language port on any OpenAI-compatible endpoint: chat completions, whole or streamed."""

import re
from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx2
import openai

from reyna.adapters.openai.errors import EndpointErrors
from reyna.domain.errors import Fault
from reyna.language.endpoint_words import SYSTEM_ADVICE
from reyna.language.guarded_http import AddressRule, open_http_client
from reyna.language.timeouts import DEFAULT_TIMEOUTS
from reyna.ports.language import Completion, Prompt, endpoint_name

CHECK_TIMEOUT_SECONDS: Final = 4.0
CHARACTERS_PER_TOKEN: Final = 4  # of English with the usual vocabularies, where the endpoint counts no tokens
REPLACEMENTS: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
UNSUPPORTED: Final = re.compile(
    r"unsupported|not support|unknown|unrecognized|not permitted|extra (fields|inputs)", re.IGNORECASE
)
OPTIONAL_FIELDS: Final = (
    "temperature",
    "stop",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
)
SCHEMA_FIELD: Final = "response_format"
SCHEMA_WORDS: Final = re.compile(r"response_format|json_schema|schema|grammar", re.IGNORECASE)


class OpenAILanguage:
    """A model at an OpenAI-compatible endpoint.

    `url` ends before `/chat/completions`, as in `https://api.openai.com/v1`. `advice` ends the errors that somebody
    has to mend. A call is one request: time limits, retries and limits on parallel calls are those of `reyna.language`.
    `addresses` says which addresses the URL of a user may lead to.
    """

    def __init__(
        self,
        url: str | None,
        key: str | None,
        model: str,
        *,
        connect_timeout: float = DEFAULT_TIMEOUTS.connect,
        advice: str = SYSTEM_ADVICE,
        addresses: AddressRule | None = None,
    ) -> None:
        self._model = model
        self._host = endpoint_name(url)
        self._errors = EndpointErrors(self._host, model, key, advice)
        self._unsupported: dict[str, str | None] = {}  # field that the endpoint does not take -> its replacement
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=key or "none",
            max_retries=0,
            http_client=open_http_client(connect_timeout, addresses),
        )

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            answer = await self._send(self._request(prompt))
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.translate(error) from error
        with self._errors.unreadable():
            return self._completion(prompt, answer)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        chunks = await self._start_stream(prompt)
        answer = _StreamedAnswer(self._model, _estimate(prompt.system + prompt.user))
        try:
            while (chunk := await self._next(chunks)) is not None:
                with self._errors.unreadable():
                    piece = answer.add(chunk)
                if piece:
                    yield piece
        finally:
            await chunks.close()
        if not answer.has_begun:
            raise Fault(f"{self._host} answered, but not as a language model does: is its URL the right one?")
        if answer.finish_reason is None:
            raise Fault(f"The language model at {self._host} broke off in the middle of its answer.")
        yield answer.completion()

    async def check(self) -> None:
        """Returns when the endpoint answers; not every endpoint lists its models. Raises Fault and Refusal."""
        try:
            await self._client.with_options(timeout=CHECK_TIMEOUT_SECONDS).models.list()
        except openai.NotFoundError:
            return
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.translate(error) from error

    def _completion(self, prompt: Prompt, answer: Any) -> Completion:
        if not answer.choices:
            raise Fault(f"The language model at {self._host} sent an answer without content.")
        text, usage = answer.choices[0].message.content or "", answer.usage
        return Completion(
            text=text,
            model=answer.model or self._model,
            input_tokens=usage.prompt_tokens if usage else _estimate(prompt.system + prompt.user),
            output_tokens=usage.completion_tokens if usage else _estimate(text),
            cached_tokens=_cached_tokens(usage),
            counted=usage is not None,
            finished=answer.choices[0].finish_reason != "length",
        )

    async def _start_stream(self, prompt: Prompt) -> Any:
        request = self._request(prompt) | {"stream": True}
        if "stream_options" not in self._unsupported:
            request["stream_options"] = {"include_usage": True}
        try:
            return await self._send(request)
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.translate(error) from error

    async def _send(self, request: dict[str, Any]) -> Any:
        """Sends the request, and again without a field that the endpoint names as unsupported."""
        while True:
            try:
                return await self._client.chat.completions.create(**request)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if self._learn_unsupported(error):
                    request = self._adapt(request)
                elif SCHEMA_FIELD in request and SCHEMA_WORDS.search(error.message):
                    request = {name: value for name, value in request.items() if name != SCHEMA_FIELD}
                else:
                    raise

    async def _next(self, chunks: Any) -> Any:
        try:
            return await anext(chunks, None)
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.translate(error) from error
        except httpx2.HTTPError as error:
            raise Fault(f"The language model at {self._host} broke off in the middle of its answer.") from error

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
            schema = {"name": "answer", "schema": prompt.schema, "strict": is_strict(prompt.schema)}
            request[SCHEMA_FIELD] = {"type": "json_schema", "json_schema": schema}
        return self._adapt(request)

    def _adapt(self, request: dict[str, Any]) -> dict[str, Any]:
        """Returns the request without the unsupported fields, or with their replacements."""
        adapted = dict(request)
        for name, replacement in self._unsupported.items():
            value = adapted.pop(name, None)
            if replacement and value is not None:
                adapted[replacement] = value
        return adapted

    def _learn_unsupported(self, error: openai.APIStatusError) -> bool:
        """Returns whether the error names an unsupported field, which is left out or renamed from now on."""
        if not UNSUPPORTED.search(error.message):
            return False
        words = {getattr(error, "param", None), *re.findall(r"[a-z_]+", error.message)}
        for name in OPTIONAL_FIELDS:
            if name in words and name not in self._unsupported:
                replacement = REPLACEMENTS.get(name)
                self._unsupported[name] = None if replacement in self._unsupported else replacement
                return True
        return False


class _StreamedAnswer:
    """The chunks of a stream so far; tokens are estimated until the endpoint reports its own count."""

    def __init__(self, model: str, input_tokens: int) -> None:
        self._model, self._input, self._output, self._cached = model, input_tokens, 0, 0
        self._text: list[str] = []
        self._counted = False
        self.finish_reason: str | None = None
        self.has_begun = False

    def add(self, chunk: Any) -> str:
        """Adds a chunk and returns its text, which may be empty."""
        self.has_begun = True
        self._model = chunk.model or self._model
        if chunk.usage:
            self._input, self._output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
            self._cached = _cached_tokens(chunk.usage)
            self._counted = True
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
            cached_tokens=self._cached,
            counted=self._counted,
            finished=self.finish_reason != "length",
        )


def _estimate(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _cached_tokens(usage: Any) -> int:
    details = getattr(usage, "prompt_tokens_details", None)
    return getattr(details, "cached_tokens", None) or 0


def is_strict(schema: Any) -> bool:
    """Returns whether every object in the schema names all its properties as required and allows no others.

    OpenAI holds a model to such a schema only, and refuses a request with `strict` for any other.
    """
    match schema:
        case dict():
            if "properties" in schema and not (
                schema.get("additionalProperties") is False
                and set(schema.get("required", ())) == set(schema["properties"])
            ):
                return False
            return all(map(is_strict, schema.values()))
        case list():
            return all(map(is_strict, schema))
    return True
