"""The versions of a processor."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Delete
from reyna.services.processors.records import PROCESSOR_VERSIONS
from tests.services.processors.service_in_memory import Service


async def versions_of(service: Service, user: Caller, id: str) -> list[tuple[str, str]]:
    page = await service.processors.registry.list_versions(user, id)
    return [(processor.version, processor.description) for processor in page.items]


async def test_every_version_stays_listed(service: Service, ana: Caller, bo: Caller) -> None:
    for version in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
        service.clock.pass_by(1)
        await service.register_own(ana, version=version)
        await service.register(version=version)
    for id in ("shouting", "text-expansion"):
        assert [version for version, _ in await versions_of(service, ana, id)] == ["2.0.0-rc.1", "1.1.0", "1.0.0"]
    with pytest.raises(NotFound):
        await service.processors.registry.list_versions(bo, "shouting")


async def test_the_same_version_with_another_description_is_an_update(service: Service, ana: Caller) -> None:
    await service.register_own(ana, description="draft")
    await service.register_own(ana, version="1.1.0", description="draft")
    service.clock.pass_by(1)
    await service.register_own(ana, version="1.1.0", description="final")
    assert await versions_of(service, ana, "shouting") == [("1.1.0", "final"), ("1.0.0", "draft")]


async def test_versions_come_in_pages(service: Service, ana: Caller) -> None:
    for number in range(5):
        service.clock.pass_by(1)
        await service.register_own(ana, version=f"1.{number}.0")
    registry, found, cursor = service.processors.registry, list[str](), None
    while True:
        page = await registry.list_versions(ana, "shouting", limit=2, cursor=cursor)
        found += [processor.version for processor in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert found == [f"1.{number}.0" for number in (4, 3, 2, 1, 0)]


async def test_a_removed_processor_begins_anew(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    await service.processors.registry.delete(ana, "shouting")
    await service.register_own(ana, version="3.0.0")
    assert await versions_of(service, ana, "shouting") == [("3.0.0", "")]


async def test_a_processor_from_before_versions_were_kept_has_its_own(service: Service, ana: Caller) -> None:
    await service.store.write(Delete(PROCESSOR_VERSIONS, "house", "text-expansion:1.0.0"))
    assert await versions_of(service, ana, "text-expansion") == [("1.0.0", "")]
    service.clock.pass_by(1)
    await service.register(version="1.1.0")
    assert [version for version, _ in await versions_of(service, ana, "text-expansion")] == ["1.1.0", "1.0.0"]
