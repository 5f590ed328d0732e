"""The errors of an OpenAI-compatible endpoint as refusals and faults, in words for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import openai

from reyna.domain.errors import Fault, Forbidden, Invalid, Refusal, TimedOut, TooMuch, Unserved
from reyna.language.endpoint_words import redact_message, temporary_fault
from reyna.language.guarded_http import ForbiddenAddress
from reyna.ports.language import EndpointFault

RETRIED_STATUSES: Final = frozenset({408, 409, 425, 429})  # and everything from 500


class EndpointErrors:
    """Translates the errors of the client for one endpoint. `advice` says what to check; the key is never repeated."""

    def __init__(self, host: str, model: str, key: str | None, advice: str) -> None:
        self._subject, self._host, self._model = f"The language model at {host}", host, model
        self._key, self._advice = key, advice

    def translate(self, error: Exception) -> Refusal | Fault:
        """Returns the refusal or fault for an error of the client."""
        match error:
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return Forbidden(f"{self._subject} did not accept the key: {self._advice}.")
            case openai.NotFoundError():
                return Invalid(f"{self._subject} does not know the model {self._model!r}: {self._advice}.")
            case openai.RateLimitError(code="insufficient_quota"):
                return TooMuch(f"The account at {self._host} has no credit left for the language model.")
            case openai.APIStatusError(status_code=status) if status < 400:
                return Invalid(f"{self._subject} answers with a redirect, which is not followed: {self._advice}.")
            case openai.APIStatusError(status_code=status) if status < 500 and status not in RETRIED_STATUSES:
                return Invalid(f"{self._subject} did not take the request: {redact_message(error.message, self._key)}")
            case openai.APIStatusError():
                return self._temporary(error)
            case openai.APITimeoutError():
                return TimedOut(f"{self._subject} did not answer in time.")
            case openai.APIConnectionError(__cause__=ForbiddenAddress() as forbidden):
                return Invalid(str(forbidden))
            case openai.APIConnectionError():
                return Unserved(f"{self._subject} cannot be reached.")
        return EndpointFault(f"{self._subject} sent something that cannot be read.")

    @contextmanager
    def unreadable(self) -> Iterator[None]:
        """Surrounds the reading of an answer: one of another shape is a fault."""
        try:
            yield
        except (AttributeError, TypeError, LookupError) as error:
            raise self.translate(error) from error

    def _temporary(self, error: openai.APIStatusError) -> Fault:
        return temporary_fault(self._subject, error.status_code, error.response.headers)
