"""What a processor may say of itself, and who may say it."""

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from reyna.domain.json.data import MAX_METADATA_BYTES
from tests.services.processors.neighbours import OvertakenStore, list_events
from tests.services.processors.service_in_memory import Service, expansion

WORKER = Caller(user_id="house", kind="processor", processor_id="text-expansion")


async def test_a_registered_processor_is_known_to_every_user(service: Service, ana: Caller, bo: Caller) -> None:
    for user in (ana, bo):
        found = await service.processors.registry.get(user, "text-expansion")
        assert found.input_schemas == ("text-input-v1",)
        assert [known.id for known in (await service.processors.registry.list(user)).items] == ["text-expansion"]


async def test_registering_tells_so_once_however_often_the_same_is_said(service: Service) -> None:
    again = await service.processors.registry.register(system_caller(), expansion())
    assert again.revision == 1
    told = await list_events(service.store)
    assert [event.type for event in told] == ["processor.registered"]
    assert told[0].data["processor"] == "text-expansion"
    assert told[0].userid == "house"


async def test_a_new_version_of_a_processor_takes_the_place_of_the_old(service: Service) -> None:
    service.clock.pass_by(60)
    newer = await service.processors.registry.register(WORKER, expansion(version="1.1.0"))
    assert (newer.version, newer.revision) == ("1.1.0", 2)
    assert newer.registered_at < newer.updated_at
    assert len(await list_events(service.store, "processor.registered")) == 2


async def test_a_processor_may_not_register_another(service: Service) -> None:
    with pytest.raises(Forbidden):
        await service.processors.registry.register(WORKER, expansion("style-analyzer"))
    with pytest.raises(Forbidden):
        await service.processors.registry.register(replace(WORKER, kind="user"), expansion())
    with pytest.raises(Forbidden):
        await service.processors.registry.register(replace(WORKER, user_id="user-ana", run_id="run-1"), expansion())


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"id": "Text Expansion"}, "/id"),
        ({"id": "text.expansion"}, "/id"),
        ({"id": "user-input"}, "/id"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"version": ""}, "/version"),
        ({"version": "1" * 65}, "/version"),
        ({"input_schemas": ()}, "/input_schemas"),
        ({"input_schemas": ("text-input-v1", "nobody-knows-v1")}, "/input_schemas/1"),
        ({"output_schema": "nobody-knows-v1"}, "/output_schema"),
        ({"output_schema": "anas-own-v1"}, "/output_schema"),
        ({"output_schema": "chapter-v1"}, "/output_schema"),
        ({"output_schemas": ("expanded-text-v1", "nobody-knows-v1")}, "/output_schemas/1"),
        ({"input_schemas": ("nobody-knows-v*",)}, "/input_schemas/0"),
        ({"input_schemas": ("chapter-v*",)}, "/input_schemas/0"),
        ({"input_schemas": ("*",)}, "/input_schemas/0"),
        ({"output_schema": "text-input-v*"}, "/output_schema"),
        ({"version": "1.0"}, "/version"),
        ({"version": "01.0.0"}, "/version"),
        ({"version": "newest"}, "/version"),
        ({"range": "3 to many"}, "/range"),
        ({"range": "10 to 3 words"}, "/range"),
        ({"max_depth": 0}, "/max_depth"),
        ({"max_depth": 21}, "/max_depth"),
        ({"settings_schema": {"type": "no such type"}}, "/settings_schema"),
        ({"settings_schema": {"default": [1, "\0"]}}, "/settings_schema/default/1"),
    ],
)
async def test_what_is_wrong_with_a_processor_is_said_by_field(
    service: Service, said: dict[str, object], path: str
) -> None:
    service.schemas.keep("anas-own", scope="user")
    service.schemas.keep("chapter", kind="bucket")
    with pytest.raises(Invalid) as refusal:
        await service.processors.registry.register(system_caller(), replace(expansion(), **said))
    assert refusal.value.errors[0].path.startswith(path)
    assert refusal.value.errors[0].message in refusal.value.detail


async def test_a_schema_that_is_not_there_is_refused_with_what_was_expected(service: Service) -> None:
    with pytest.raises(Invalid) as refusal:
        await service.processors.registry.register(system_caller(), expansion(output_schema="nobody-knows-v1"))
    assert refusal.value.errors[0].expected == "a registered schema"


async def test_what_is_wrong_with_a_schema_of_settings_is_said_in_words(service: Service) -> None:
    with pytest.raises(Invalid) as refusal:
        await service.processors.registry.register(system_caller(), expansion(settings_schema={"type": "no such type"}))
    assert refusal.value.detail == f"settings_schema: {refusal.value.errors[0].message}"


async def test_a_schema_of_settings_has_a_size(service: Service) -> None:
    with pytest.raises(TooLarge):
        await service.processors.registry.register(
            system_caller(), expansion(settings_schema={"title": "x" * MAX_METADATA_BYTES})
        )


async def test_a_processor_that_is_registered_by_many_at_once_is_registered_later(service: Service) -> None:
    overtaken = Service(store=OvertakenStore(service.store))
    with pytest.raises(Conflict):
        await overtaken.register(version="1.0.1")


async def test_a_processor_nobody_registered_is_not_found(service: Service, ana: Caller) -> None:
    for verb in (service.processors.registry.get, service.processors.registry.health):
        with pytest.raises(NotFound):
            await verb(ana, "style-analyzer")


async def test_processors_are_listed_in_pages(service: Service, ana: Caller) -> None:
    for id in ("book-compiler", "style-analyzer"):
        await service.register(id)
    first = await service.processors.registry.list(ana, limit=2)
    rest = await service.processors.registry.list(ana, limit=2, cursor=first.next_cursor)
    assert [known.id for known in (*first.items, *rest.items)] == ["book-compiler", "style-analyzer", "text-expansion"]
    assert rest.next_cursor is None
    assert (await service.processors.registry.list(ana, limit=3)).next_cursor is None
