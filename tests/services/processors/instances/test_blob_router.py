"""What a new blob sets off."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.processing.processor import NewInstance
from reyna.domain.processing.run import Run
from reyna.services.processors.instances.blob_router import MAX_LINEAGE_DEPTH
from tests.services.processors.neighbours import a_blob, list_events, list_work
from tests.services.processors.service_in_memory import Service


def created(blob: Blob) -> Event:
    return blob.event("created", Caller(user_id=blob.user_id))


async def switch_on(service: Service, user: Caller, processor_id: str = "text-expansion", **other: Any) -> None:
    await service.processors.instances.create(user, NewInstance(processor_id=processor_id, **other))


async def routed(service: Service, blob: Blob) -> list[Run]:
    return await service.processors.router.route(created(service.state.keep(blob)))


async def test_a_new_blob_sets_off_what_is_switched_on(service: Service, ana: Caller) -> None:
    await switch_on(service, ana, settings={"style": "noir"})
    blob = a_blob(ana.user_id)
    (run,) = await routed(service, blob)
    assert (run.status, run.blob_id, run.settings) == ("requested", blob.id, {"style": "noir"})
    assert (await service.processors.runs.list(ana)).items == (run,)
    assert [work.run_id for work in await list_work(service.store)] == [run.id]
    (told,) = await list_events(service.store, "processor.requested.text-expansion")
    assert (told.userid, told.origin) == (ana.user_id, None)


@pytest.mark.parametrize("content", ["Too short", "word " * 1001, ""])
async def test_a_note_out_of_the_range_of_a_processor_sets_off_nothing(
    service: Service, ana: Caller, content: str
) -> None:
    await service.register(range="3 to 1,000 words")
    await switch_on(service, ana)
    assert await routed(service, a_blob(ana.user_id, data={"content": content})) == []
    assert (await service.processors.runs.list(ana)).items == ()
    assert len(await routed(service, a_blob(ana.user_id, data={"content": "Long enough now"}))) == 1


async def test_a_new_blob_sets_off_nothing_of_another_user(service: Service, ana: Caller, bo: Caller) -> None:
    await switch_on(service, bo)
    assert await routed(service, a_blob(ana.user_id)) == []
    assert (await service.processors.runs.list(bo)).items == ()


async def test_an_event_that_comes_again_requests_nothing_again(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    event = created(service.state.keep(a_blob(ana.user_id)))
    (run,) = await service.processors.router.route(event)
    await service.processors.runs.cancel(ana, run.id)
    assert await service.processors.router.route(event) == []
    assert [known.status for known in (await service.processors.runs.list(ana)).items] == ["cancelled"]
    assert len(await list_work(service.store)) == 1


async def test_an_event_that_was_routed_halfway_is_routed_to_its_end(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    event = created(service.state.keep(a_blob(ana.user_id)))
    await service.processors.router.route(event)
    await service.register("style-analyzer")
    await switch_on(service, ana, "style-analyzer")
    assert [run.processor_id for run in await service.processors.router.route(event)] == ["style-analyzer"]


async def test_an_instance_for_a_bucket_hears_of_its_whole_subtree(service: Service, ana: Caller) -> None:
    service.state.bucket(ana.user_id, "bucket-book")
    service.state.bucket(ana.user_id, "bucket-chapter", "bucket-book")
    service.state.bucket(ana.user_id, "bucket-album")
    await switch_on(service, ana, bucket_id="bucket-book")
    assert len(await routed(service, a_blob(ana.user_id, bucket_ids=("bucket-chapter",)))) == 1
    assert len(await routed(service, a_blob(ana.user_id, bucket_ids=("bucket-album", "bucket-book")))) == 1
    assert await routed(service, a_blob(ana.user_id, bucket_ids=("bucket-album",))) == []
    assert await routed(service, a_blob(ana.user_id)) == []


async def test_a_processor_does_not_take_its_own_output(service: Service, ana: Caller) -> None:
    await service.register("echo")
    await switch_on(service, ana, "echo")
    await service.register("echo", version="1.0.1", output_schema="text-input-v1")
    first = service.state.keep(a_blob(ana.user_id))
    made = service.state.keep(a_blob(ana.user_id, processor_id="echo", parent_id=first.id))
    assert await routed(service, made) == []
    edited = a_blob(ana.user_id, parent_id=made.id)
    assert await routed(service, edited) == []
    assert len(await routed(service, a_blob(ana.user_id, parent_id=first.id))) == 1


async def test_two_processors_do_not_feed_each_other_for_ever(service: Service, ana: Caller) -> None:
    for id in ("ping", "pong"):
        await service.register(id)
        await switch_on(service, ana, id)
        await service.register(id, version="1.0.1", output_schema="text-input-v1")
    waiting, runs = [service.state.keep(a_blob(ana.user_id))], 0
    while waiting and runs < 100:
        blob = waiting.pop()
        for run in await service.processors.router.route(created(blob)):
            runs += 1
            waiting.append(service.state.keep(a_blob(ana.user_id, processor_id=run.processor_id, parent_id=blob.id)))
    assert runs == 4  # ping, pong, and each once on what the other made


async def test_what_is_derived_too_far_sets_nothing_off(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    blob = service.state.keep(a_blob(ana.user_id))
    for _ in range(MAX_LINEAGE_DEPTH + 1):
        blob = service.state.keep(a_blob(ana.user_id, parent_id=blob.id))
    assert await routed(service, blob) == []


async def test_a_purged_ancestor_does_not_keep_a_blob_from_its_processors(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    assert len(await routed(service, a_blob(ana.user_id, parent_id="blob-purged"))) == 1


async def test_a_blob_that_is_gone_meanwhile_sets_nothing_off_and_is_noted(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    with capture_logs() as lines:
        assert await service.processors.router.route(created(a_blob(ana.user_id, "blob-gone"))) == []
    assert [line["blob_id"] for line in lines] == ["blob-gone"]


async def test_an_imported_blob_sets_nothing_off(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    assert await routed(service, a_blob(ana.user_id, author_kind="import")) == []


@pytest.mark.parametrize("cause", ["import", "copy"])
async def test_what_was_brought_in_whole_sets_nothing_off(service: Service, ana: Caller, cause: str) -> None:
    await switch_on(service, ana)
    blob = service.state.keep(a_blob(ana.user_id))
    for event in (blob.event("created", ana, cause=cause), blob.event("updated", ana, cause=cause)):
        assert await service.processors.router.route(event) == []
        assert not await service.processors.router.has_takers(event)
    assert await service.processors.router.has_takers(created(blob))
    assert len(await service.processors.router.route(created(blob))) == 1


@pytest.mark.parametrize("cause", [None, "import", "copy", "upgrade", "restore"])
@pytest.mark.parametrize("schema_id", ["text-input-v1", "unknown-v1"])
@pytest.mark.parametrize("enabled", [True, False])
async def test_what_is_ignored_at_once_has_no_takers(
    service: Service, ana: Caller, *, cause: str | None, schema_id: str, enabled: bool
) -> None:
    if enabled:
        await switch_on(service, ana)
    router = service.processors.router
    blob = service.state.keep(a_blob(ana.user_id, schema_id=schema_id))
    event = blob.event("created", ana) if cause is None else blob.event("created", ana, cause=cause)
    body = event.message().body
    if cause in (None, "restore"):
        assert not router.is_ignored(body), "nothing is known of the user yet"
    takers = await router.has_takers(event)
    await router.route(created(blob))  # now the user's instances are known
    assert router.is_ignored(body) is not takers


@pytest.mark.parametrize("body", [b"", b"{}", b'{"userid":"user-ana","data":{}}', b'{"userid":1}'])
def test_an_unreadable_event_is_not_ignored(service: Service, body: bytes) -> None:
    assert not service.processors.router.is_ignored(body)


async def test_what_an_import_tells_says_that_it_is_one(ana: Caller) -> None:
    blob = a_blob(ana.user_id)
    assert blob.event("created", replace(ana, kind="import")).data["cause"] == "import"
    assert "cause" not in created(blob).data


async def test_a_blob_changed_meanwhile_is_run_as_it_is_now(service: Service, ana: Caller) -> None:
    await switch_on(service, ana)
    blob = a_blob(ana.user_id)
    service.state.keep(replace(blob, revision=2))
    (run,) = await service.processors.router.route(created(blob))
    assert run.blob_revision == 2


async def test_an_event_about_no_blob_is_refused(service: Service, ana: Caller) -> None:
    with pytest.raises(msgspec.ValidationError):
        await service.processors.router.route(Event.now("blob.created.text-input-v1", ana, {"blob_id": 7}))
