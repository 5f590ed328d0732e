"""The Language port on Anthropic's Messages API: messages, whole or streamed."""

import re
from collections.abc import AsyncGenerator
from typing import Any, Final

import anthropic
import httpx2

from reyna.adapters.anthropic.errors import AnthropicErrors
from reyna.domain.errors import Fault, Invalid
from reyna.language.endpoint_words import SYSTEM_ADVICE
from reyna.language.guarded_http import AddressRule, open_http_client
from reyna.language.timeouts import DEFAULT_TIMEOUTS
from reyna.ports.language import Completion, Prompt, endpoint_name

CHECK_TIMEOUT_SECONDS: Final = 4.0
DEFAULT_URL: Final = "https://api.anthropic.com"
SCHEMA_FIELD: Final = "output_config"
OPTIONAL_FIELDS: Final = ("stop_sequences",)
SCHEMA_WORDS: Final = re.compile(r"output_config|output_format|schema|structured", re.IGNORECASE)
CUT_REASONS: Final = frozenset({"max_tokens", "model_context_window_exceeded"})


class AnthropicLanguage:
    """A model at Anthropic, or at a `url` that speaks its Messages API.

    The system part of a prompt is marked for the prompt cache of the endpoint. The temperature of a prompt is not sent,
    since the API has none any more. `advice` ends the errors that somebody has to mend. A call is one request: time
    limits, retries and limits on parallel calls are those of `reyna.language`.
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
        self._host = endpoint_name(url or DEFAULT_URL)
        self._errors = AnthropicErrors(self._host, model, key, advice)
        self._unsupported: set[str] = set()
        self._client = anthropic.AsyncAnthropic(
            base_url=url or DEFAULT_URL,
            api_key=key or "none",  # given, so that no credentials of the environment are sent
            max_retries=0,
            http_client=open_http_client(connect_timeout, addresses),
        )

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            message = await self._send(self._request(prompt))
        except (anthropic.AnthropicError, ValueError) as error:
            raise self._errors.translate(error) from error
        answer = _Answer(self._model)
        with self._errors.unreadable():
            answer.start(message)
            answer.text += [block.text for block in message.content if block.type == "text"]
            answer.end(message.stop_reason, message.usage)
        return self._finish(answer)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        try:
            events = await self._send(self._request(prompt) | {"stream": True})
        except (anthropic.AnthropicError, ValueError) as error:
            raise self._errors.translate(error) from error
        answer = _Answer(self._model)
        try:
            while (event := await self._next(events)) is not None:
                with self._errors.unreadable():
                    piece = answer.add(event)
                if piece:
                    yield piece
        finally:
            await events.close()
        yield self._finish(answer)

    async def check(self) -> None:
        """Returns when the endpoint answers. Raises Fault and Refusal."""
        try:
            await self._client.with_options(timeout=CHECK_TIMEOUT_SECONDS).models.list(limit=1)
        except anthropic.NotFoundError:
            return
        except (anthropic.AnthropicError, ValueError) as error:
            raise self._errors.translate(error) from error

    async def _send(self, request: dict[str, Any]) -> Any:
        """Sends the request, and again without a field that the model does not take."""
        while True:
            try:
                return await self._client.messages.create(**request)
            except anthropic.BadRequestError as error:
                refused = self._refused_field(request, error.message)
                if refused is None:
                    raise
                request = {name: value for name, value in request.items() if name != refused}

    def _refused_field(self, request: dict[str, Any], message: str) -> str | None:
        """Returns the field that the error names, which is left out from now on; a schema only this time."""
        for name in OPTIONAL_FIELDS:
            if name in request and name in message:
                self._unsupported.add(name)
                return name
        return SCHEMA_FIELD if SCHEMA_FIELD in request and SCHEMA_WORDS.search(message) else None

    async def _next(self, events: Any) -> Any:
        try:
            return await anext(events, None)
        except (anthropic.AnthropicError, ValueError) as error:
            raise self._errors.translate(error) from error
        except httpx2.HTTPError as error:
            raise self._broken_off() from error

    def _finish(self, answer: "_Answer") -> Completion:
        """Raises Fault for an answer without its end, and Invalid for one that the model declined to give."""
        if answer.stop_reason is None:
            raise self._broken_off()
        if answer.stop_reason == "refusal":
            raise Invalid(f"The language model at {self._host} declined to answer.")
        return answer.completion()

    def _broken_off(self) -> Fault:
        return Fault(f"The language model at {self._host} broke off in the middle of its answer.")

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "max_tokens": prompt.max_tokens,
            "messages": [{"role": "user", "content": prompt.user}],
        }
        if prompt.system:
            cached = {"type": "text", "text": prompt.system, "cache_control": {"type": "ephemeral"}}
            request["system"] = [cached]
        if prompt.stop:
            request["stop_sequences"] = list(prompt.stop)
        if prompt.schema is not None:
            request[SCHEMA_FIELD] = {"format": {"type": "json_schema", "schema": prompt.schema}}
        return {name: value for name, value in request.items() if name not in self._unsupported}


class _Answer:
    """A message so far. Tokens that were read from the prompt cache and written to it count as input."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._input = self._output = self._cached = 0
        self.text: list[str] = []
        self.stop_reason: str | None = None

    def add(self, event: Any) -> str:
        """Adds an event and returns its text, which may be empty."""
        match event.type:
            case "message_start":
                self.start(event.message)
            case "content_block_delta" if event.delta.type == "text_delta":
                self.text.append(event.delta.text)
                return str(event.delta.text)
            case "message_delta":
                self.end(event.delta.stop_reason, event.usage)
        return ""

    def start(self, message: Any) -> None:
        usage = message.usage
        self._model = message.model or self._model
        self._cached = usage.cache_read_input_tokens or 0
        self._input = usage.input_tokens + self._cached + (usage.cache_creation_input_tokens or 0)

    def end(self, stop_reason: str | None, usage: Any) -> None:
        self.stop_reason, self._output = stop_reason, usage.output_tokens

    def completion(self) -> Completion:
        return Completion(
            text="".join(self.text),
            model=self._model,
            input_tokens=self._input,
            output_tokens=self._output,
            cached_tokens=self._cached,
            finished=self.stop_reason not in CUT_REASONS,
        )
