"""The child process of the sandbox, which forks for each request (`validation.sandbox.fork_loop`)."""

import time
from collections.abc import Iterator
from typing import Final

import msgspec

from reyna.services.schemas.compatibility.comparison import DIRECTION_CPU_SECONDS, ResolvedSchema, compare
from reyna.services.schemas.registry.examination.findings import examine
from reyna.validation.sandbox.fork_loop import GRACE_CPU_SECONDS, limit_resources, serve

MAX_MEMORY_BYTES: Final = 2 * 1024**3  # of address space; the engines map far more than they use


class ComparisonRequest(msgspec.Struct, frozen=True):
    """A request to compare `new` with each of `olds`, or to examine it when there are none, within `seconds` of
    CPU."""

    new: ResolvedSchema
    olds: list[ResolvedSchema]
    seconds: float


def main() -> None:
    """Serves requests until the parent process ends."""
    serve(_warm_up, _answer)


def _warm_up() -> None:
    either = ResolvedSchema({"properties": {"a": {"type": "string", "pattern": "^a"}}})
    examine(either)
    compare(either, ResolvedSchema({"properties": {"a": {"type": "string", "maxLength": 1}}}))


def _answer(body: bytes) -> Iterator[msgspec.Struct]:
    """Yields a comparison for each older schema as it is finished, or one answer about the new schema."""
    request = msgspec.json.decode(body, type=ComparisonRequest)
    limit_resources(request.seconds + GRACE_CPU_SECONDS, MAX_MEMORY_BYTES)
    if not request.olds:
        yield examine(request.new)
    until = time.process_time() + request.seconds
    for number, old in enumerate(request.olds):
        left = max(0.0, until - time.process_time())
        share = left / (6 * (len(request.olds) - number))  # two directions, each up to three times as long
        yield compare(old, request.new, seconds=min(DIRECTION_CPU_SECONDS, share))
