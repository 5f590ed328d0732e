"""Neighbours: services of this process are found as they are, also before they are built, others over the bus."""

from typing import Final

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.app.neighbours import Neighbours
from reyna.domain.caller import Caller
from reyna.domain.errors import Unserved
from tests.app.reminders.assembly import SERVICE as REMINDERS

ANA: Final = Caller(user_id="user-ana")


class Remembering:
    """Offers one verb of the reminder service."""

    async def list(self, caller: Caller, limit: int = 50) -> list[str]:
        return [f"for {caller.user_id}"]


def neighbours(*local_names: str) -> Neighbours:
    return Neighbours([REMINDERS], local_names, MemoryBus(), lambda caller: caller.user_id)


def test_a_service_of_this_process_is_found_itself() -> None:
    found, offered = neighbours("reminders"), Remembering()
    found.add("reminders", offered)
    assert found.find("reminders") is offered


async def test_a_service_that_is_built_later_can_be_handed_on_before() -> None:
    found = neighbours("reminders")
    early = found.find("reminders")
    found.add("reminders", Remembering())
    assert await early.list(ANA) == ["for user-ana"]


async def test_a_service_of_another_process_is_asked_over_the_bus() -> None:
    with pytest.raises(Unserved):
        await neighbours().find("reminders").list(ANA)
