"""The child process of the validation sandbox, which forks for each request (`fork_loop`)."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from reyna.domain.errors import DataError, Refusal
from reyna.validation.sandbox.fork_loop import limit_resources, serve
from reyna.validation.validator import Validator

MAX_MEMORY_BYTES: Final = 1024**3  # of address space; 4 MiB of JSON take up to 300 MB as Python objects


class ValidationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the errors of `data`, or with `verdict_only` for whether it fits, within `seconds` of CPU."""

    json_schema: Any
    references: dict[str, Any]
    data: msgspec.Raw
    seconds: float
    verdict_only: bool = False


class ValidationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict and the errors; `problem` is a refusal to validate."""

    fits: bool = False
    errors: tuple[DataError, ...] = ()
    problem: dict[str, Any] | None = None


def main() -> None:
    """Serves requests until the parent process ends."""
    serve(_warm_up, _answer)


def _warm_up() -> None:
    Validator({"properties": {"a": {"type": "string", "pattern": "^a"}}}).errors({"a": 1})


def _answer(body: bytes) -> Iterator[msgspec.Struct]:
    request = msgspec.json.decode(body, type=ValidationRequest)
    limit_resources(request.seconds, MAX_MEMORY_BYTES)
    data = msgspec.json.decode(request.data)
    try:
        validator = Validator(request.json_schema, request.references)
        errors = () if request.verdict_only else validator.errors(data)
        yield ValidationAnswer(fits=validator.fits(data) if request.verdict_only else not errors, errors=errors)
    except Refusal as refusal:
        yield ValidationAnswer(problem=refusal.problem())
