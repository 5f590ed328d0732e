"""Data that is made to take time and memory slows down nobody else, whichever verb validates it."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.app.neighbours import LazyNeighbour
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, Refusal, TooLarge, TooMuch
from reyna.services.schemas.dry_run.reports import ToCheck
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.service import State
from reyna.validation.complexity.rate_limiter import RateLimiter
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.validator import Validator
from tests.services.schemas.conftest import a_schema, schemas_with

MAX_STALL_SECONDS: Final = 0.25  # of CPU between two turns of the event loop, beyond reading and writing the data
MAX_GROWTH_BYTES: Final = 300_000_000  # the document itself, read and written, is most of it

KINDS: Final = [
    {"type": "object", "properties": {f"p{n}": {"type": "string"}, "k": {"const": f"k{n}"}}, "required": [f"p{n}", "k"]}
    for n in range(40)
]
TREES: Final = {
    "$defs": {
        "n": {
            "anyOf": [
                {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["z"]},
                {"type": "array", "items": {"$ref": "#/$defs/n"}},
                {"type": "string", "maxLength": 1},
            ]
        }
    },
    "$ref": "#/$defs/n",
}
ATTACKS: Final[dict[str, tuple[Any, Any]]] = {
    "names": ({"propertyNames": {"maxLength": 1}}, {f"key{n}": n for n in range(5_000)}),
    "kinds": ({"items": {"anyOf": KINDS}}, [{"k": "zz", "x": n} for n in range(8_000)]),
    "many kinds": ({"items": {"anyOf": KINDS}}, [{"k": "zz", "x": n} for n in range(170_000)]),
    "trees": (TREES, [["ab"] * 50 for _ in range(12_000)]),
    "trees that fit": (TREES, [["a"] * 50 for _ in range(14_000)]),
    "contains": (
        {"contains": {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}},
        [{"a": 0}] * 300_000,
    ),
    "patterns": ({"anyOf": [{"pattern": rf"\d+{n}x\d*b"} for n in range(100)]}, "1234567890" * 300_000),
    "texts": ({"items": {"allOf": [{"pattern": f"a{n}.*b"} for n in range(100)]}}, ["a" * 300] * 10_000),
    "items": ({"items": {"type": "string"}}, [1] * 1_500_000),
    "unique": ({"uniqueItems": True}, [[n % 99_999] for n in range(200_000)]),
    "required": ({"required": [f"r{n}" for n in range(1_000)]}, {f"key{n}": "x" * 30 for n in range(80_000)}),
    "values": ({"items": {"enum": [f"e{n}" for n in range(1_000)]}}, [1] * 100_000),
    "constants": ({"items": {"const": ["x" * 100] * 1_000}}, [1] * 100_000),
}


class Strain:
    """The most CPU that the event loop spent between two turns, and the memory that this process gained."""

    def __init__(self) -> None:
        self.stall_seconds, self.growth_bytes = 0.0, 0
        self._loop = asyncio.get_running_loop()
        self._before, self._since = _resident_bytes(), time.thread_time()
        self._turn = self._loop.call_soon(self._look)

    def _look(self) -> None:
        now = time.thread_time()
        self.stall_seconds = max(self.stall_seconds, now - self._since)
        self.growth_bytes = max(self.growth_bytes, _resident_bytes() - self._before)
        self._since = time.thread_time()
        self._turn = self._loop.call_later(0.001, self._look)

    def end(self) -> None:
        self._turn.cancel()
        self._look()
        self._turn.cancel()


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _floor_seconds(documents: Iterable[Any]) -> float:
    """The CPU that reading and writing the documents once takes on this machine, which nothing can avoid."""
    began = time.thread_time()
    for document in documents:
        msgspec.json.decode(msgspec.json.encode(document))
    return time.thread_time() - began


@contextmanager
def measure_strain(*documents: Any) -> Iterator[Strain]:
    gc.collect()
    gc.freeze()  # as the studio does when it is up: a collection must not go through all that other tests left
    floor_seconds = _floor_seconds(documents)
    strain = Strain()
    try:
        yield strain
    finally:
        strain.end()
        gc.unfreeze()
    assert strain.stall_seconds < MAX_STALL_SECONDS + 2 * floor_seconds  # a busy machine may have become half as fast
    assert strain.growth_bytes < MAX_GROWTH_BYTES


async def refusal_from(ask: Awaitable[Any]) -> Refusal | None:
    """What it was refused with, if it was."""
    try:
        await ask
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_validation_takes_little_time_and_memory_from_others(
    schemas: Schemas, ana: Caller, attack: str
) -> None:
    json_schema, data = ATTACKS[attack]
    await schemas.versions.register(ana, a_schema(json_schema))
    with measure_strain(data):
        try:
            verdict = await schemas.validation.validate(ana, "recipe-v1", data)
        except (TooMuch, TooLarge):
            return  # a machine that is busy with other things
    assert verdict.valid == (attack == "trees that fit")
    assert verdict.valid or 1 <= len(verdict.errors) <= 50
    assert all(len(error.message) < 300 for error in verdict.errors)


@pytest.mark.parametrize("way", ["create", "change", "merge", "patch", "metadata"])
async def test_it_takes_as_little_by_whatever_way_it_comes_in(schemas: Schemas, ana: Caller, way: str) -> None:
    json_schema, data = {"properties": {"list": ATTACKS["kinds"][0]}}, {"list": ATTACKS["kinds"][1]}
    await schemas.versions.register(ana, a_schema(json_schema))
    await schemas.versions.register(ana, a_schema(json_schema, name="shelf", kind="bucket"))
    state = State(MemoryStore(COLLECTIONS), schemas)
    blob = await state.blobs.create(ana, NewBlob(schema_id="recipe-v1", data={}))
    patch = ({"op": "add", "path": "/list", "value": data["list"]},)
    small = {"list": data["list"][:2_500]}
    asked: dict[str, Awaitable[Any]] = {
        "create": state.blobs.create(ana, NewBlob(schema_id="recipe-v1", data=data)),
        "change": state.blobs.change(ana, blob.id, BlobChange(data=data, base_revision=1)),
        "merge": state.blobs.change(ana, blob.id, BlobChange(merge_patch=data, base_revision=1)),
        "patch": state.blobs.change(ana, blob.id, BlobChange(json_patch=patch, base_revision=1)),
        "metadata": state.buckets.create(ana, NewBucket(name="A", type="shelf", metadata=small)),
    }
    with measure_strain(data):
        refusal = await refusal_from(asked.pop(way))
    for other in asked.values():
        other.close()  # type: ignore[attr-defined]
    assert isinstance(refusal, Invalid | TooMuch)
    field = "metadata" if way == "metadata" else "data"
    assert isinstance(refusal, TooMuch) or refusal.errors[0].path == f"/{field}/list/0"


async def test_what_costs_too_much_is_refused_and_no_process_is_left_with_it(ana: Caller) -> None:
    json_schema, data = ATTACKS["patterns"]
    sandbox = ValidationSandbox(cpu_seconds=0.002)  # a tenth of what a fast machine needs
    with pytest.raises((TooLarge, TooMuch)):
        await sandbox.errors(ana.user_id, Validator(json_schema), data, msgspec.json.encode(data))
    assert await sandbox.errors(ana.user_id, Validator({"type": "string"}), 1, b"1")


async def test_a_user_may_ask_for_so_many_costly_validations_and_others_for_as_many(ana: Caller, bo: Caller) -> None:
    sandbox = ValidationSandbox(RateLimiter(2, 0.1, lambda: 1_000.0), max_in_place_ns=0)
    fit, body = Validator({"type": "array"}), b"[" + b"1," * 100_000 + b"1]"
    data = msgspec.json.decode(body)
    for _ in range(2):
        assert await sandbox.errors(ana.user_id, fit, data, body) == ()
    with pytest.raises(TooMuch) as refusal:
        await sandbox.errors(ana.user_id, fit, data, body)
    assert refusal.value.facts["retry_after"] == 10
    assert await sandbox.errors(bo.user_id, fit, data, body) == ()
    assert await sandbox.errors(ana.user_id, fit, data, body, rate_limited=False) == ()
    assert await sandbox.errors(ana.user_id, fit, [], b"[]") == ()  # what costs nothing is not counted


async def test_apart_the_same_is_said_as_in_place(ana: Caller) -> None:
    fit = Validator({"items": {"type": "string", "maxLength": 3}, "$comment": "x"})
    data = ["abcd", 1, "a"] * 30_000
    body = msgspec.json.encode(data)
    apart = await ValidationSandbox(max_in_place_ns=0).errors(ana.user_id, fit, data, body)
    assert apart == fit.errors(data)
    assert [error.path for error in apart[:3]] == ["/0", "/1", "/3"]
    assert await ValidationSandbox(max_in_place_ns=0).fits(ana.user_id, fit, data, body) is False


async def test_stored_data_that_takes_long_is_looked_at_apart(ana: Caller) -> None:
    schemas = await schemas_with(LazyNeighbour(lambda: state))
    state = State(MemoryStore(COLLECTIONS), schemas)
    await schemas.versions.register(ana, a_schema({}))
    stored = [ATTACKS["trees"][1]] * 2
    for data in stored:
        await state.blobs.create(ana, NewBlob(schema_id="recipe-v1", data=data))
    with measure_strain(*stored):
        checked = await schemas.compatibility.check(ana, ToCheck(id="recipe-v1", json_schema=TREES))
    assert checked.stored is not None
    assert checked.stored.failing == checked.stored.checked
