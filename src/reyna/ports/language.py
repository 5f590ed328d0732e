"""The Language port: a model that completes prompts."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar, Final, Literal, Protocol, Self
from urllib.parse import urlsplit

import msgspec

from reyna.domain.errors import Fault, Invalid, Unavailable
from reyna.domain.processing.prompts.prompt import PromptPart, Role
from reyna.domain.text.clusters import truncate

MAX_SHOWN_ANSWER_CHARACTERS: Final = 2_000
Provider = Literal["openai", "anthropic", "embedded"]


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt; `max_tokens` limits the answer. `schema`: a JSON Schema that the answer shall fit, a JSON text then.

    An endpoint that cannot hold its model to a schema ignores it. `parts` say where its texts are from: those of a role
    are its text, one after the other. Build a prompt from them with `Prompt.of_parts`, or leave them out.
    """

    system: str
    user: str
    max_tokens: int
    temperature: float = 0.7
    stop: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    parts: tuple[PromptPart, ...] = ()

    @classmethod
    def of_parts(cls, parts: Iterable[PromptPart], *, max_tokens: int, **other: Any) -> Self:
        """Returns the prompt whose texts are those of the parts, joined without anything between them."""
        given = tuple(parts)
        system, user = _text_of(given, "system"), _text_of(given, "user")
        return cls(system=system, user=user, max_tokens=max_tokens, parts=given, **other)

    @property
    def sent_parts(self) -> tuple[PromptPart, ...]:
        """Returns the parts of exactly the texts that are sent, also of a prompt that was built without parts, or whose
        texts were changed since."""
        if self.parts and (_text_of(self.parts, "system"), _text_of(self.parts, "user")) == (self.system, self.user):
            return self.parts
        system = PromptPart(text=self.system, source="instruction", role="system")
        user = PromptPart(text=self.user, source="prompt")
        return tuple(part for part in (system, user) if part.text)


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `finished` is False when it was cut at `max_tokens`.

    `cached_tokens` are those of the input that the endpoint had in its prompt cache. `counted` is False when the tokens
    are an estimate, since the endpoint says nothing of them.
    """

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    finished: bool = True
    cached_tokens: int = 0
    counted: bool = True


class Language(Protocol):
    """Both methods raise Refusal for permanent errors (a wrong key, an unknown model), and Fault for others."""

    async def complete(self, prompt: Prompt) -> Completion: ...

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        """Yields pieces of text as they are written, then one Completion with the whole."""
        ...


class ModelEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a model: `url` ends before `/chat/completions`; None is the provider's own."""

    provider: Provider = "openai"
    url: str | None = None
    key: str | None = None
    model: str

    def __repr__(self) -> str:
        return f"ModelEndpoint({self.provider}, {self.model!r})"


class EndpointFault(Fault):
    """An endpoint has a temporary error. `status` is that of its HTTP answer, `retry_after` the seconds it asks for."""

    def __init__(self, detail: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.status, self.retry_after = status, retry_after
        super().__init__(detail)


class EndpointUnavailable(Unavailable):
    """An endpoint has failed repeatedly and is left alone for some seconds."""

    reason: ClassVar = "endpoint_unavailable"

    def __init__(self, name: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"The language model at {name} has failed repeatedly. It is tried again in {retry_after:.0f} s."
        )


class UnusableAnswer(Invalid):
    """The answer of the language model does not fit the schema that was asked for; `answer` is all of it."""

    answer = ""

    @classmethod
    def of(cls, problem: str, answer: str) -> Self:
        shown = truncate(answer, MAX_SHOWN_ANSWER_CHARACTERS)
        refusal = cls(f"The model's answer does not fit: {problem} It answered: {shown}")
        refusal.answer = answer
        return refusal


def _text_of(parts: Iterable[PromptPart], role: Role) -> str:
    return "".join(part.text for part in parts if part.role == role)


def endpoint_name(url: str | None) -> str:
    """Returns the host and port of an endpoint, for people: never a password that is in its URL."""
    parts = urlsplit(url or "")
    return parts.netloc.rpartition("@")[2] or "its provider"
