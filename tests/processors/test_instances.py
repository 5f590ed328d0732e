"""Switching a processor on and off."""

import asyncio
from typing import Literal

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound
from reyna.domain.processor import Instance, InstanceChange, NewInstance
from tests.processors.around import Service
from tests.processors.neighbours import events

EVERYWHERE = NewInstance(processor_id="text-expansion")


async def test_a_processor_is_switched_on_everywhere(service: Service, ana: Caller) -> None:
    made = await service.verbs.create_instance(ana, EVERYWHERE)
    assert (made.bucket_id, made.enabled) == (None, True)
    assert (await service.verbs.instances(ana)).items == (made,)
    (told,) = await events(service.store, "instance.changed")
    assert told.userid == ana.user_id
    assert told.data["instance_id"] == made.id


async def test_a_processor_is_switched_on_for_a_bucket_as_well(service: Service, ana: Caller) -> None:
    book = service.state.bucket(ana.user_id, "bucket-book")
    await service.verbs.create_instance(ana, EVERYWHERE)
    made = await service.verbs.create_instance(ana, NewInstance(processor_id="text-expansion", bucket_id=book))
    assert made.bucket_id == book
    assert len((await service.verbs.instances(ana)).items) == 2


async def test_a_processor_is_switched_on_once_in_one_place(service: Service, ana: Caller) -> None:
    made = await asyncio.gather(
        *(service.verbs.create_instance(ana, EVERYWHERE) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, Instance) for one in made) == 1
    assert sum(isinstance(one, AlreadyThere) for one in made) == 4


async def test_two_users_switch_the_same_processor_on_without_meeting(
    service: Service, ana: Caller, bo: Caller
) -> None:
    anas = await service.verbs.create_instance(ana, EVERYWHERE)
    bos = await service.verbs.create_instance(bo, EVERYWHERE)
    assert (await service.verbs.instances(bo)).items == (bos,)
    with pytest.raises(NotFound):
        await service.verbs.change_instance(bo, anas.id, InstanceChange(enabled=False))
    with pytest.raises(NotFound):
        await service.verbs.drop_instance(bo, anas.id)
    assert (await service.verbs.instances(ana)).items == (anas,)


async def test_a_bucket_of_another_user_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    anas = service.state.bucket(ana.user_id, "bucket-book")
    with pytest.raises(NotFound) as refusal:
        await service.verbs.create_instance(bo, NewInstance(processor_id="text-expansion", bucket_id=anas))
    assert refusal.value.errors[0].path == "/bucket_id"


async def test_an_unknown_processor_cannot_be_switched_on(service: Service, ana: Caller) -> None:
    with pytest.raises(NotFound):
        await service.verbs.create_instance(ana, NewInstance(processor_id="style-analyzer"))


async def test_settings_that_do_not_fit_are_refused_place_by_place(service: Service, ana: Caller) -> None:
    wrong = {"style": 7, "ratio": 50}
    with pytest.raises(Invalid) as refusal:
        await service.verbs.create_instance(ana, NewInstance(processor_id="text-expansion", settings=wrong))
    assert {error.path for error in refusal.value.errors} == {"/settings/style", "/settings/ratio"}
    made = await service.verbs.create_instance(ana, EVERYWHERE)
    with pytest.raises(Invalid):
        await service.verbs.change_instance(ana, made.id, InstanceChange(settings=wrong))


class Tone(msgspec.Struct, frozen=True):
    style: Literal["plain", "noir"] = "plain"


class Nested(msgspec.Struct, frozen=True):
    tone: Tone = Tone()


async def test_settings_may_be_described_by_a_struct(service: Service, ana: Caller) -> None:
    await service.registered("style-analyzer", settings_schema=msgspec.json.schema(Nested))
    with pytest.raises(Invalid) as refusal:
        await service.verbs.create_instance(
            ana, NewInstance(processor_id="style-analyzer", settings={"tone": {"style": "loud"}})
        )
    assert [error.path for error in refusal.value.errors] == ["/settings/tone/style"]
    await service.verbs.create_instance(
        ana, NewInstance(processor_id="style-analyzer", settings={"tone": {"style": "noir"}})
    )


async def test_a_processor_without_settings_takes_none(service: Service, ana: Caller) -> None:
    await service.registered("style-analyzer", settings_schema=None)
    with pytest.raises(Invalid) as refusal:
        await service.verbs.create_instance(ana, NewInstance(processor_id="style-analyzer", settings={"style": "x"}))
    assert refusal.value.errors[0].path == "/settings"


async def test_an_instance_is_switched_off_and_keeps_its_settings(service: Service, ana: Caller) -> None:
    made = await service.verbs.create_instance(
        ana, NewInstance(processor_id="text-expansion", settings={"style": "noir"})
    )
    off = await service.verbs.change_instance(ana, made.id, InstanceChange(enabled=False))
    assert (off.enabled, off.settings, off.revision) == (False, {"style": "noir"}, 2)
    assert len(await events(service.store, "instance.changed")) == 2


async def test_a_change_that_changes_nothing_tells_nothing(service: Service, ana: Caller) -> None:
    made = await service.verbs.create_instance(ana, EVERYWHERE)
    assert await service.verbs.change_instance(ana, made.id, InstanceChange(enabled=True)) == made
    assert len(await events(service.store, "instance.changed")) == 1


async def test_changes_from_two_devices_at_once_both_count(service: Service, ana: Caller) -> None:
    made = await service.verbs.create_instance(ana, EVERYWHERE)
    await asyncio.gather(
        service.verbs.change_instance(ana, made.id, InstanceChange(enabled=False)),
        service.verbs.change_instance(ana, made.id, InstanceChange(settings={"style": "noir"})),
    )
    (now,) = (await service.verbs.instances(ana)).items
    assert (now.enabled, now.settings, now.revision) == (False, {"style": "noir"}, 3)


async def test_a_dropped_instance_is_gone_and_can_be_made_again(service: Service, ana: Caller) -> None:
    made = await service.verbs.create_instance(ana, EVERYWHERE)
    await service.verbs.drop_instance(ana, made.id)
    assert (await service.verbs.instances(ana)).items == ()
    assert (await events(service.store, "instance.changed"))[-1].data["dropped"] is True
    with pytest.raises(NotFound):
        await service.verbs.drop_instance(ana, made.id)
    await service.verbs.create_instance(ana, EVERYWHERE)


async def test_a_worker_does_not_switch_processors_on_for_its_user(service: Service, ana: Caller) -> None:
    worker, _ = await service.claimed(ana)
    with pytest.raises(Forbidden):
        await service.verbs.create_instance(worker, EVERYWHERE)
