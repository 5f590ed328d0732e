"""Switching a processor on and off."""

import asyncio
from typing import Literal

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from reyna.domain.processing.processor import Instance, InstanceChange, NewInstance
from reyna.domain.requests.precondition import IfMatch
from tests.services.processors.neighbours import OvertakenStore, list_events
from tests.services.processors.service_in_memory import Service

EVERYWHERE = NewInstance(processor_id="text-expansion")


async def test_a_processor_is_switched_on_everywhere(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    assert (made.bucket_id, made.enabled) == (None, True)
    assert (await service.processors.instances.list(ana)).items == (made,)
    (told,) = await list_events(service.store, "instance.changed")
    assert told.userid == ana.user_id
    assert told.data["instance_id"] == made.id


async def test_a_processor_is_switched_on_for_a_bucket_as_well(service: Service, ana: Caller) -> None:
    book = service.state.bucket(ana.user_id, "bucket-book")
    await service.processors.instances.create(ana, EVERYWHERE)
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion", bucket_id=book))
    assert made.bucket_id == book
    assert len((await service.processors.instances.list(ana)).items) == 2


async def test_a_processor_is_switched_on_once_in_one_place(service: Service, ana: Caller) -> None:
    made = await asyncio.gather(
        *(service.processors.instances.create(ana, EVERYWHERE) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, Instance) for one in made) == 1
    assert sum(isinstance(one, AlreadyThere) for one in made) == 4


async def test_two_users_switch_the_same_processor_on_without_meeting(
    service: Service, ana: Caller, bo: Caller
) -> None:
    anas = await service.processors.instances.create(ana, EVERYWHERE)
    bos = await service.processors.instances.create(bo, EVERYWHERE)
    assert (await service.processors.instances.list(bo)).items == (bos,)
    with pytest.raises(NotFound):
        await service.processors.instances.change(bo, anas.id, InstanceChange(enabled=False))
    with pytest.raises(NotFound):
        await service.processors.instances.delete(bo, anas.id)
    assert (await service.processors.instances.list(ana)).items == (anas,)


async def test_a_bucket_of_another_user_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    anas = service.state.bucket(ana.user_id, "bucket-book")
    with pytest.raises(NotFound) as refusal:
        await service.processors.instances.create(bo, NewInstance(processor_id="text-expansion", bucket_id=anas))
    assert refusal.value.errors[0].path == "/bucket_id"


async def test_an_unknown_processor_cannot_be_switched_on(service: Service, ana: Caller) -> None:
    with pytest.raises(NotFound):
        await service.processors.instances.create(ana, NewInstance(processor_id="style-analyzer"))


async def test_settings_that_do_not_fit_are_refused_place_by_place(service: Service, ana: Caller) -> None:
    wrong = {"style": 7, "ratio": 50}
    with pytest.raises(Invalid) as refusal:
        await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion", settings=wrong))
    assert {error.path for error in refusal.value.errors} == {"/settings/style", "/settings/ratio"}
    assert refusal.value.detail.endswith("(and 1 more)")
    made = await service.processors.instances.create(ana, EVERYWHERE)
    with pytest.raises(Invalid) as refusal:
        await service.processors.instances.change(ana, made.id, InstanceChange(settings=wrong | {"style": "noir"}))
    assert "more)" not in refusal.value.detail


class Tone(msgspec.Struct, frozen=True):
    style: Literal["plain", "noir"] = "plain"


class Nested(msgspec.Struct, frozen=True):
    tone: Tone = Tone()


async def test_settings_may_be_described_by_a_struct(service: Service, ana: Caller) -> None:
    await service.register("style-analyzer", settings_schema=msgspec.json.schema(Nested))
    with pytest.raises(Invalid) as refusal:
        await service.processors.instances.create(
            ana, NewInstance(processor_id="style-analyzer", settings={"tone": {"style": "loud"}})
        )
    assert [error.path for error in refusal.value.errors] == ["/settings/tone/style"]
    await service.processors.instances.create(
        ana, NewInstance(processor_id="style-analyzer", settings={"tone": {"style": "noir"}})
    )


async def test_a_processor_without_settings_takes_none(service: Service, ana: Caller) -> None:
    await service.register("style-analyzer", settings_schema=None)
    with pytest.raises(Invalid) as refusal:
        await service.processors.instances.create(
            ana, NewInstance(processor_id="style-analyzer", settings={"style": "x"})
        )
    assert refusal.value.errors[0].path == "/settings"


async def test_an_instance_is_switched_off_and_keeps_its_settings(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(
        ana, NewInstance(processor_id="text-expansion", settings={"style": "noir"})
    )
    off = await service.processors.instances.change(ana, made.id, InstanceChange(enabled=False))
    assert (off.enabled, off.settings, off.revision) == (False, {"style": "noir"}, 2)
    assert len(await list_events(service.store, "instance.changed")) == 2


async def test_a_change_that_changes_nothing_tells_nothing(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    assert await service.processors.instances.change(ana, made.id, InstanceChange(enabled=True)) == made
    assert len(await list_events(service.store, "instance.changed")) == 1


async def test_settings_in_another_order_are_the_same_settings(service: Service, ana: Caller) -> None:
    settings = {"style": "noir", "ratio": 3.5}
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion", settings=settings))
    for same in (settings, dict(reversed(settings.items()))):
        assert await service.processors.instances.change(ana, made.id, InstanceChange(settings=same)) == made
    whole = await service.processors.instances.change(ana, made.id, InstanceChange(settings=settings | {"ratio": 4}))
    assert (whole.settings["ratio"], whole.revision) == (4, 2)


async def test_changes_from_two_devices_at_once_both_count(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    await asyncio.gather(
        service.processors.instances.change(ana, made.id, InstanceChange(enabled=False)),
        service.processors.instances.change(ana, made.id, InstanceChange(settings={"style": "noir"})),
    )
    (now,) = (await service.processors.instances.list(ana)).items
    assert (now.enabled, now.settings, now.revision) == (False, {"style": "noir"}, 3)


async def test_a_change_that_is_overtaken_again_and_again_is_given_up(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    overtaken = Service(store=OvertakenStore(service.store))
    with pytest.raises(Conflict):
        await overtaken.processors.instances.change(ana, made.id, InstanceChange(enabled=False))
    assert (await service.processors.instances.list(ana)).items == (made,)


@pytest.mark.parametrize("if_match", [None, IfMatch((1,))])
async def test_an_instance_that_devices_drop_at_once_is_dropped_by_one(
    service: Service, ana: Caller, if_match: IfMatch | None
) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    tries = await asyncio.gather(
        *(service.processors.instances.delete(ana, made.id, if_match=if_match) for _ in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in tries) == ["NoneType", "NotFound", "NotFound"]


async def test_an_instance_is_dropped_only_as_the_revision_that_was_meant(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    await service.processors.instances.change(ana, made.id, InstanceChange(enabled=False))
    meant = IfMatch((made.revision,))
    with pytest.raises(PreconditionFailed):
        await service.processors.instances.delete(ana, made.id, if_match=meant)
    with pytest.raises(PreconditionFailed):
        await service.processors.instances.change(ana, made.id, InstanceChange(enabled=True), if_match=meant)
    assert [kept.enabled for kept in (await service.processors.instances.list(ana)).items] == [False]


async def test_a_dropped_instance_is_gone_and_can_be_made_again(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, EVERYWHERE)
    await service.processors.instances.delete(ana, made.id)
    assert (await service.processors.instances.list(ana)).items == ()
    assert (await list_events(service.store, "instance.changed"))[-1].data["dropped"] is True
    with pytest.raises(NotFound):
        await service.processors.instances.delete(ana, made.id)
    await service.processors.instances.create(ana, EVERYWHERE)


async def test_a_worker_does_not_switch_processors_on_for_its_user(service: Service, ana: Caller) -> None:
    worker, _ = await service.claim_run(ana)
    with pytest.raises(Forbidden):
        await service.processors.instances.create(worker, EVERYWHERE)
