"""Loops of switched-on processors, found before they run, and stopped by depth where they were not found."""

from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.processing.processor import InstanceChange, NewInstance
from reyna.domain.processing.run import NewRuns, Run
from reyna.ports.store import Put
from reyna.services.processors.instances.loops import (
    ProcessorLoop,
    SwitchedOn,
    feeds,
    feeds_within_scope,
    find_loop,
)
from reyna.services.processors.instances.run_depth import DEFAULT_MAX_DEPTH
from reyna.services.processors.records import RUNS
from tests.services.processors.instances.test_matching import a_processor, an_instance
from tests.services.processors.neighbours import a_blob, list_events
from tests.services.processors.service_in_memory import Service

TEXT, PROSE, STYLE = "text-input-v1", "expanded-text-v1", "style-analysis-v1"


def node(id: str, takes: str, makes: str, *, within: tuple[str, ...] = (), **other: Any) -> SwitchedOn:
    processor = a_processor(id, input_schemas=(takes,), output_schema=makes, **other)
    return SwitchedOn(an_instance(within[0] if within else None, id), processor, within)


@pytest.mark.parametrize(
    ("start", "others", "loop"),
    [
        (node("a", TEXT, PROSE), [], None),
        (node("a", TEXT, TEXT), [], ["a", "a"]),
        (node("a", TEXT, TEXT, trigger="manual"), [], None),
        (node("a", TEXT, TEXT, max_depth=3), [], None),
        (node("a", "text-input-v*", "text-input-v2"), [], ["a", "a"]),
        (node("a", TEXT, PROSE, output_schemas=(STYLE, TEXT)), [], ["a", "a"]),
        (node("a", TEXT, PROSE), [node("b", PROSE, STYLE)], None),
        (node("a", TEXT, PROSE), [node("b", PROSE, TEXT)], ["a", "b", "a"]),
        (node("a", TEXT, PROSE), [node("b", PROSE, TEXT, trigger="manual")], None),
        (node("a", TEXT, PROSE), [node("b", PROSE, STYLE), node("c", STYLE, TEXT)], ["a", "b", "c", "a"]),
        (node("a", TEXT, PROSE, max_depth=2), [node("b", PROSE, TEXT)], ["a", "b", "a"]),
        (node("a", TEXT, PROSE, max_depth=2), [node("b", PROSE, TEXT, max_depth=2)], None),
        (node("a", TEXT, PROSE), [node("b", PROSE, PROSE)], None),  # a loop that this one is not in
    ],
)
def test_a_loop_is_found_unless_all_of_it_states_a_depth(
    start: SwitchedOn, others: list[SwitchedOn], loop: list[str] | None
) -> None:
    assert find_loop(start, others, feeds) == loop
    assert find_loop(start, [start, *others], feeds_within_scope) == loop


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ((), (), True),
        ((), ("book",), True),
        (("book",), ("book",), True),
        (("chapter", "book"), ("book",), True),
        (("book",), ("chapter", "book"), True),
        (("book",), ("album",), False),
        (("chapter-1", "book"), ("chapter-2", "book"), False),
    ],
)
def test_instances_in_different_places_do_not_feed_each_other(
    one: tuple[str, ...], other: tuple[str, ...], *, meets: bool
) -> None:
    start, partner = node("a", TEXT, PROSE, within=one), node("b", PROSE, TEXT, within=other)
    assert find_loop(start, [partner], feeds_within_scope) == (["a", "b", "a"] if meets else None)


async def switch_on(service: Service, user: Caller, processor_id: str, **other: Any) -> str:
    new = NewInstance(processor_id=processor_id, **other)
    return (await service.processors.instances.create(user, new)).id


async def test_an_instance_that_closes_a_loop_is_refused_by_name(service: Service, ana: Caller, bo: Caller) -> None:
    await service.register("ping", output_schema=STYLE)
    await service.register_own(ana, "pong", input_schemas=(STYLE,), output_schema=TEXT)
    await switch_on(service, ana, "ping")
    with pytest.raises(ProcessorLoop, match="pong -> ping -> pong"):
        await switch_on(service, ana, "pong")
    off = await switch_on(service, ana, "pong", enabled=False)
    with pytest.raises(ProcessorLoop):
        await service.processors.instances.change(ana, off, InstanceChange(enabled=True))
    await switch_on(service, bo, "ping")


async def test_instances_of_two_books_may_feed_each_other_in_their_schemas(service: Service, ana: Caller) -> None:
    for book in ("bucket-one", "bucket-two"):
        service.state.bucket(ana.user_id, book)
    service.state.bucket(ana.user_id, "bucket-chapter", "bucket-one")
    await service.register("ping", output_schema=STYLE)
    await service.register("pong", input_schemas=(STYLE,), output_schema=TEXT)
    await switch_on(service, ana, "ping", bucket_id="bucket-one")
    await switch_on(service, ana, "pong", bucket_id="bucket-two")
    with pytest.raises(ProcessorLoop):
        await switch_on(service, ana, "pong", bucket_id="bucket-chapter")


async def test_a_version_that_closes_a_loop_is_refused_where_it_is_switched_on(service: Service, ana: Caller) -> None:
    await service.register_own(ana, "echo")
    await switch_on(service, ana, "echo")
    with pytest.raises(ProcessorLoop, match="echo -> echo"):
        await service.register_own(ana, "echo", version="1.1.0", output_schema=TEXT)
    assert (await service.processors.registry.get(ana, "echo")).version == "1.0.0"
    allowed = await service.register_own(ana, "echo", version="1.1.0", output_schema=TEXT, max_depth=3)
    assert allowed.max_depth == 3


async def derive(service: Service, run: Run) -> Blob:
    """Completes the run, and returns the blob that it made."""
    made = service.state.keep(a_blob(run.user_id, processor_id=run.processor_id, parent_id=run.blob_id))
    done = replace(run, status="completed", output_blob_ids=(made.id,), revision=run.revision + 1)
    await service.store.write(Put(RUNS, done, expects=run.revision))
    return made


async def test_a_loop_that_is_allowed_ends_at_its_depth_and_says_so(service: Service, ana: Caller) -> None:
    await service.register("echo", output_schema=TEXT, max_depth=3)
    await switch_on(service, ana, "echo")
    blob, depths = service.state.keep(a_blob(ana.user_id)), []
    while runs := await service.processors.router.route(blob.event("created", ana)):
        depths.append(runs[0].depth)
        blob = await derive(service, runs[0])
    assert depths == [1, 2, 3]
    (refused,) = (await service.processors.runs.list(ana, status="refused")).items
    assert (refused.blob_id, refused.depth) == (blob.id, 4)
    assert refused.error is not None and "3 runs" in refused.error
    (told,) = await list_events(service.store, "processor.refused.echo")
    assert told.data["error"] == refused.error
    assert await service.processors.router.route(blob.event("created", ana)) == []


async def test_a_chain_of_different_processors_ends_at_the_same_depth(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    for number in range(DEFAULT_MAX_DEPTH):
        await service.register(f"link-{number}", trigger="manual", output_schema=TEXT)
        new = NewRuns(processor_id=f"link-{number}", blob_ids=(blob.id,))
        (run,) = await service.processors.runs.request(ana, new)
        assert run.depth == number + 1
        blob = await derive(service, run)
    await switch_on(service, ana, "text-expansion")
    assert await service.processors.router.route(blob.event("created", ana)) == []
    (refused,) = (await service.processors.runs.list(ana, status="refused")).items
    assert refused.depth == DEFAULT_MAX_DEPTH + 1
