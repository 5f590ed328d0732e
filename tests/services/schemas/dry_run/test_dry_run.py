"""The version of a change, the promise of a mode, and the dry run of a registration."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import Blob
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import AlreadyThere, Conflict, Fault, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.event import DECODER
from reyna.domain.requests.page import Page
from reyna.domain.schema import Compatibility, Schema
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.dry_run.reports import ToCheck
from reyna.services.schemas.dry_run.stored_content import MAX_CHECKED_BLOBS
from reyna.services.schemas.sandbox.sandbox import CompatibilitySandbox
from reyna.services.schemas.service import Schemas
from tests.services.schemas.compatibility.known_cases import CLOSED, OPEN, STRING, with_b
from tests.services.schemas.conftest import a_schema, schemas_with
from tests.support.times import FAR_FUTURE

WIDER: Final = with_b(CLOSED, STRING)
NARROWER: Final = CLOSED | {"required": ["a"]}
WORDS: Final = CLOSED | {"title": "A recipe"}
STRANGE: Final = CLOSED | {"properties": {"a": {"type": "null"}}}


@pytest.mark.parametrize(
    ("changed", "id", "version"),
    [
        (WORDS, "recipe-v1", "1.0.1"),
        (WIDER, "recipe-v1", "1.1.0"),
        (NARROWER, "recipe-v2", "2.0.0"),
        (STRANGE, "recipe-v2", "2.0.0"),
        (CLOSED, "recipe-v1", "1.0.0"),
    ],
)
async def test_the_version_is_computed_from_the_difference(
    schemas: Schemas, ana: Caller, changed: Any, id: str, version: str
) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    schema = await schemas.versions.register(ana, a_schema(changed))
    assert (schema.id, schema.version) == (id, version)


@pytest.mark.parametrize(
    ("mode", "changed", "version"),
    [
        ("none", NARROWER, "2.0.0"),
        ("backward", WIDER, "1.1.0"),
        ("backward", NARROWER, "2.0.0"),
        ("forward", WIDER, "2.0.0"),
        ("forward", NARROWER, "1.1.0"),
        ("full", WIDER, "2.0.0"),
        ("full", NARROWER, "2.0.0"),
        ("full", WORDS, "1.0.1"),
    ],
)
async def test_what_breaks_the_promise_of_the_id_begins_the_next_major(
    schemas: Schemas, ana: Caller, mode: Compatibility, changed: Any, version: str
) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED, compatibility=mode))
    assert (await schemas.versions.register(ana, a_schema(changed))).version == version


@pytest.mark.parametrize(("changed", "version"), [(WIDER, "1.0.1"), (NARROWER, "1.1.0"), (NARROWER, "1.9.9")])
async def test_a_version_smaller_than_the_difference_is_refused_with_the_differences(
    schemas: Schemas, ana: Caller, changed: Any, version: str
) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    with pytest.raises(Invalid, match="too small") as refusal:
        await schemas.versions.register(ana, a_schema(changed, version=version))
    assert refusal.value.errors[0].path == "/version"
    assert refusal.value.facts["differences"][0]["breaks"]
    assert len((await schemas.versions.list_versions(ana, "recipe-v1")).items) == 1


@pytest.mark.parametrize(
    ("changed", "version"),
    [(WORDS, "1.0.1"), (WORDS, "1.4.0"), (WIDER, "1.1.0-rc.1"), (NARROWER, "2.0.0"), (WORDS, "3.0.0")],
)
async def test_a_version_as_large_as_the_difference_or_larger_is_taken(
    schemas: Schemas, ana: Caller, changed: Any, version: str
) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    assert (await schemas.versions.register(ana, a_schema(changed, version=version))).version == version


async def test_without_a_promise_any_larger_version_is_taken(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED, compatibility="none"))
    assert (await schemas.versions.register(ana, a_schema(STRANGE, version="1.0.1"))).id == "recipe-v1"


async def test_a_release_follows_its_own_pre_release(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED, version="1.1.0-rc.1"))
    assert (await schemas.versions.register(ana, a_schema(WIDER))).version == "1.1.0"


async def test_a_transitive_mode_looks_at_every_version_of_the_major(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(with_b(CLOSED, STRING), compatibility="none"))
    await schemas.versions.register(ana, a_schema(CLOSED, version="1.0.1"))
    changed = with_b(CLOSED, {"type": "null"})  # fine for the latest, not for the first
    near = await schemas.compatibility.check(
        ana, ToCheck(id="recipe-v1", json_schema=changed, compatibility="backward")
    )
    far = await schemas.compatibility.check(
        ana, ToCheck(id="recipe-v1", json_schema=changed, compatibility="backward_transitive")
    )
    assert (near.compatible, near.next_version) == (True, "1.1.0")
    assert (far.compatible, far.next_version) == (False, "2.0.0")
    assert {each.version for each in far.differences if "backward" in each.breaks} == {"1.0.0"}


async def test_the_mode_of_an_id_can_be_changed(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, a_schema(CLOSED))
    before = len(await store.list_unsent(before=FAR_FUTURE, limit=1_000))
    assert (await schemas.compatibility.change_mode(ana, first.id, "full")).compatibility == "full"
    assert (await schemas.versions.get(ana, first.id)).compatibility == "full"
    assert (await schemas.versions.get(ana, first.id, "1.0.0")) == first
    [message] = (await store.list_unsent(before=FAR_FUTURE, limit=1_000))[before:]
    assert DECODER.decode(message.body).type == "schema.updated"
    assert (await schemas.versions.register(ana, a_schema(WIDER))).id == "recipe-v2"


async def test_the_mode_of_what_is_not_yours_stays(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    with pytest.raises(NotFound):
        await schemas.compatibility.change_mode(bo, "recipe-v1", "none")
    with pytest.raises(Forbidden):
        await schemas.compatibility.change_mode(ana, "text-input-v1", "none")


async def test_a_mode_changed_while_someone_registers_is_never_overlooked(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    answers = await asyncio.gather(
        schemas.versions.register(ana, a_schema(WIDER)),
        schemas.compatibility.change_mode(ana, "recipe-v1", "full"),
        return_exceptions=True,
    )
    assert all(isinstance(answer, Schema | AlreadyThere | Conflict) for answer in answers)
    kept = (await schemas.versions.list_versions(ana, "recipe-v1")).items
    assert len(kept) == 1 or (await schemas.versions.get(ana, "recipe-v1")).version == "1.1.0"


# --- the dry run ---


async def test_a_check_says_what_registering_would_come_to_and_changes_nothing(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    found = await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=NARROWER))
    assert (found.compatible, found.bump, found.next_version, found.next_id) == (False, "major", "2.0.0", "recipe-v2")
    [difference] = [each for each in found.differences if each.breaks]
    assert (difference.path, difference.rule, difference.counterexample) == ("/required", "required", {})
    assert (await schemas.versions.register(ana, a_schema(NARROWER))).version == found.next_version


@pytest.mark.parametrize(
    ("changed", "bump"), [(CLOSED, "none"), (WORDS, "patch"), (WIDER, "minor"), (STRANGE, "major")]
)
async def test_a_check_names_the_bump(schemas: Schemas, ana: Caller, changed: Any, bump: str) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    assert (await schemas.compatibility.check(ana, ToCheck(id="recipe-v1", json_schema=changed))).bump == bump


async def test_the_first_of_a_name_breaks_nothing(schemas: Schemas, ana: Caller) -> None:
    found = await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=CLOSED))
    assert (found.compatible, found.next_version, found.differences) == (True, "1.0.0", ())


async def test_a_check_of_nothing_or_of_two_things_is_refused(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(Invalid):
        await schemas.compatibility.check(ana, ToCheck(json_schema=CLOSED))
    with pytest.raises(Invalid):
        await schemas.compatibility.check(ana, ToCheck(name="recipe", id="recipe-v1", json_schema=CLOSED))
    with pytest.raises(NotFound):
        await schemas.compatibility.check(ana, ToCheck(id="recipe-v1", json_schema=CLOSED))
    with pytest.raises(Invalid):
        await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema={"type": "strin"}))


class StoredBlobs:
    """The content of a state service: so many blobs, most of them fitting, and no page larger than a message."""

    def __init__(self, owner: str, data: list[Any], most: int = 200) -> None:
        self._owner, self._data, self._most = owner, data, most

    @property
    def blobs(self) -> "StoredBlobs":
        return self

    async def list(
        self, caller: Caller, *, schema_id: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Blob]:
        if limit > self._most:
            raise Fault("This is too large for one message.")
        start = int(cursor or 0)
        found = self._data if caller.user_id == self._owner and schema_id == "recipe-v1" else []
        items = tuple(a_blob(number, found[number]) for number in range(start, min(start + limit, len(found))))
        return Page(items=items, next_cursor=str(start + limit) if start + limit < len(found) else None)


def a_blob(number: int, data: Any) -> Blob:
    now = datetime.now(UTC)
    return Blob(
        id=f"blob-{number}",
        user_id="user-ana",
        processor_id="user-input",
        schema_id="recipe-v1",
        schema_version="1.0.0",
        data=data,
        size=1,
        created_by="user-ana",
        changed_by="user-ana",
        created_at=now,
        updated_at=now,
    )


async def test_a_check_counts_the_stored_blobs_that_would_fail(ana: Caller, bo: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{"a": "x"}] * 70 + [{}] * 7, most=20))
    await schemas.versions.register(ana, a_schema(CLOSED))
    stored = (await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=NARROWER))).stored
    assert stored is not None
    assert (stored.checked, stored.failing, stored.sampled) == (77, 7, False)
    assert [example.blob_id for example in stored.examples] == [f"blob-{number}" for number in range(70, 75)]
    assert stored.examples[0].errors[0].expected == "a"
    await schemas.versions.register(bo, a_schema(CLOSED))
    others = (await schemas.compatibility.check(bo, ToCheck(name="recipe", json_schema=NARROWER))).stored
    assert others is not None
    assert (others.checked, others.failing) == (0, 0)


async def test_of_very_many_blobs_the_newest_are_looked_at_and_it_says_so(ana: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{}] * (MAX_CHECKED_BLOBS + 1)))
    await schemas.versions.register(ana, a_schema(CLOSED))
    stored = (await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=NARROWER))).stored
    assert stored is not None
    assert stored.sampled
    assert stored.checked == stored.failing <= MAX_CHECKED_BLOBS


# --- comparisons apart ---


def hostile(number: int) -> dict[str, Any]:
    """A schema of alternatives within alternatives, each a little different."""
    inner: dict[str, Any] = {"type": "string", "pattern": f"^a{{{number}}}"}
    for level in range(5):
        inner = {"oneOf": [{"properties": {f"p{n}": inner, f"q{level}": {"minimum": n + number}}} for n in range(4)]}
    return inner


async def test_a_hostile_pair_delays_nobody_else(ana: Caller, bo: Caller) -> None:
    apart = CompatibilitySandbox(cpu_seconds=4, timeout_seconds=120)
    loop, beats = asyncio.get_running_loop(), 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if not attack.done():
            loop.call_later(0.001, beat)  # and not at once, which would take a core from those that give way

    attack = asyncio.create_task(
        apart.compare(ana.user_id, ResolvedSchema(hostile(1)), [ResolvedSchema(hostile(2))] * 20)
    )
    beat()
    [found] = await apart.compare(bo.user_id, ResolvedSchema(WIDER), [ResolvedSchema(CLOSED)])
    assert not attack.done()
    assert (found.backward, found.forward) == (True, False)
    judged = await attack
    assert beats > 100
    assert len(judged) == 20
    assert not any(each.backward or each.forward for each in judged)
    assert all(each.differences for each in judged)


async def test_a_user_may_ask_only_so_much_at_once(ana: Caller, bo: Caller) -> None:
    apart = CompatibilitySandbox(max_waiting=2)
    asking = [
        asyncio.create_task(apart.compare(ana.user_id, ResolvedSchema(WORDS), [ResolvedSchema(CLOSED)]))
        for _ in range(3)
    ]
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers].count(TooMuch) == 1
    assert len(await apart.compare(ana.user_id, ResolvedSchema(WORDS), [ResolvedSchema(CLOSED)])) == 1


async def test_a_question_that_nobody_waits_for_any_longer_ends(ana: Caller) -> None:
    apart = CompatibilitySandbox(cpu_seconds=60)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(
            apart.compare(ana.user_id, ResolvedSchema(hostile(1)), [ResolvedSchema(hostile(2))] * 50), timeout=1
        )
    [found] = await apart.compare(ana.user_id, ResolvedSchema(WORDS), [ResolvedSchema(CLOSED)])
    assert (found.backward, found.forward) == (True, True)


async def test_the_house_changes_its_own_schemas_in_the_same_way(schemas: Schemas) -> None:
    schema = await schemas.versions.get(system_caller(), "book-v1")
    with_word = schema.json_schema | {"$comment": "Reviewed."}
    assert (
        await schemas.versions.register(system_caller(), a_schema(with_word, name="book", kind="bucket"))
    ).version == "1.0.1"


async def test_an_open_model_is_opened_and_never_closed_within_a_major(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(CLOSED))
    assert (await schemas.versions.register(ana, a_schema(OPEN))).version == "1.1.0"
    assert (await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=WIDER))).bump == "major"
