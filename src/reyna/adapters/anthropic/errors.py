"""The errors of Anthropic's API as refusals and faults, in words for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anthropic

from reyna.domain.errors import Fault, Forbidden, Invalid, Refusal, TimedOut, TooMuch, Unserved
from reyna.language.endpoint_words import redact_message, temporary_fault
from reyna.language.guarded_http import ForbiddenAddress
from reyna.ports.language import EndpointFault

RETRIED_STATUSES: Final = frozenset({408, 409, 429})  # and everything from 500
SUCCESS_STATUSES: Final = range(200, 300)  # of a stream in which an error comes later


class AnthropicErrors:
    """Translates the errors of the client for one endpoint. `advice` says what to check; the key is never repeated."""

    def __init__(self, host: str, model: str, key: str | None, advice: str) -> None:
        self._subject, self._host, self._model = f"The language model at {host}", host, model
        self._key, self._advice = key, advice

    def translate(self, error: Exception) -> Refusal | Fault:
        """Returns the refusal or fault for an error of the client."""
        match error:
            case anthropic.AuthenticationError() | anthropic.PermissionDeniedError():
                return Forbidden(f"{self._subject} did not accept the key: {self._advice}.")
            case anthropic.NotFoundError():
                return Invalid(f"{self._subject} does not know the model {self._model!r}: {self._advice}.")
            case anthropic.BadRequestError() if "credit balance" in error.message:
                return TooMuch(f"The account at {self._host} has no credit left for the language model.")
            case anthropic.APIStatusError():
                return self._translate_status(error, error.status_code)
            case anthropic.APITimeoutError():
                return TimedOut(f"{self._subject} did not answer in time.")
            case anthropic.APIConnectionError(__cause__=ForbiddenAddress() as forbidden):
                return Invalid(str(forbidden))
            case anthropic.APIConnectionError():
                return Unserved(f"{self._subject} cannot be reached.")
        return EndpointFault(f"{self._subject} sent something that cannot be read.")

    def _translate_status(self, error: anthropic.APIStatusError, status: int) -> Refusal | Fault:
        if status in SUCCESS_STATUSES:
            return EndpointFault(f"{self._subject} broke off its answer with an error.")
        if status < 400:
            return Invalid(f"{self._subject} answers with a redirect, which is not followed: {self._advice}.")
        if status < 500 and status not in RETRIED_STATUSES:
            return Invalid(f"{self._subject} did not take the request: {redact_message(error.message, self._key)}")
        return self._temporary(error)

    @contextmanager
    def unreadable(self) -> Iterator[None]:
        """Surrounds the reading of an answer: one of another shape is a fault."""
        try:
            yield
        except (AttributeError, TypeError, LookupError) as error:
            raise self.translate(error) from error

    def _temporary(self, error: anthropic.APIStatusError) -> Fault:
        return temporary_fault(self._subject, error.status_code, error.response.headers)
