"""The templates of a user, beside those that come with the studio."""

from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, TooMuch
from reyna.domain.event import DECODER
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.templates.checks import MAX_TEMPLATE_BYTES, check_document
from reyna.domain.templates.document import NumberParameter, TemplateBucket, TemplateText
from reyna.domain.templates.plan import MAX_PLANNED_ITEMS, build_plan, check_values
from reyna.domain.templates.template import NewTemplate, Template
from reyna.ports.store import Increment, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from reyna.services.state.templates.shipped_templates import SHIPPED_IDS, shipped_documents, shipped_templates
from reyna.services.state.templates.template_records import TEMPLATES_SUM
from reyna.services.state.templates.templates import MAX_TEMPLATES
from tests.domain.templates.samples import bucket, document, text
from tests.services.state.conftest import ContentBuilder
from tests.support.times import FAR_FUTURE


async def listed(state: State, caller: Caller) -> list[Template]:
    found: list[Template] = []
    cursor = None
    while True:
        page = await state.templates.list(caller, limit=5, cursor=cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


# --- shipped ---


@pytest.mark.parametrize("id", SHIPPED_IDS)
async def test_a_shipped_template_is_sound_and_fits_the_schemas(id: str, state: State, ana: Caller) -> None:
    shipped, template = shipped_documents()[id], shipped_templates()[id]
    assert check_document(shipped) == shipped
    assert template.name
    assert len(template.description) > 40
    assert template.bucket_count > 1
    assert template.text_count > 3
    largest = {one.name: one.maximum for one in shipped.parameters if isinstance(one, NumberParameter)}
    plan = build_plan(shipped, "Largest", check_values(shipped.parameters, largest))
    assert len(plan.items) < MAX_PLANNED_ITEMS / 5


async def test_the_list_has_the_shipped_ones_first_and_then_my_own_newest_first(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    book = await anas.bucket("book")
    mine = [await state.templates.save(ana, NewTemplate(bucket_id=book.id, name=f"mine {i}")) for i in range(7)]
    ids = [template.id for template in await listed(state, ana)]
    assert ids == [*SHIPPED_IDS, *(template.id for template in reversed(mine))]
    assert [template.id for template in await listed(state, bo)] == [*SHIPPED_IDS]
    assert (await state.templates.list(ana, limit=200)).next_cursor is None


async def test_a_shipped_template_is_the_same_for_everybody_and_cannot_be_deleted(state: State, ana: Caller) -> None:
    template = await state.templates.get(ana, "book")
    assert (template.origin, template.created_at, template.type) == ("shipped", None, "book")
    with pytest.raises(Forbidden):
        await state.templates.delete(ana, "book")


# --- from a bucket ---


async def a_book(anas: ContentBuilder) -> str:
    """book: (one: (a, b), intro), with metadata and a label."""
    book = await anas.bucket("My {book}", type="draft", metadata={"mood": "{dark}", "words": 3})
    one = await anas.bucket("one", book.id)
    await anas.note("a {title}", one.id)
    b = await anas.note("b", one.id)
    await anas.note("intro", book.id)
    await anas.state.placements.place(anas.caller, one.id, b.id, after=None, label="first")
    return book.id


async def test_a_template_has_structure_types_and_metadata(state: State, anas: ContentBuilder, ana: Caller) -> None:
    saved = await state.templates.save(ana, NewTemplate(bucket_id=await a_book(anas), name="Mine", description="So."))
    assert (saved.name, saved.description, saved.type, saved.origin) == ("Mine", "So.", "draft", "own")
    assert (saved.bucket_count, saved.text_count, saved.left_out) == (2, 0, 0)
    found = await state.templates.document(ana, saved.id)
    assert found.root == TemplateBucket(
        name="My {{book}}",
        type="draft",
        metadata={"mood": "{{dark}}", "words": 3},
        items=(TemplateBucket(name="one", type="scene"),),
    )
    assert await state.templates.get(ana, saved.id) == saved


async def test_on_request_it_has_my_texts_in_their_order_with_labels(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    new = NewTemplate(bucket_id=await a_book(anas), name="Mine", texts=True)
    saved = await state.templates.save(ana, new)
    one, intro = (await state.templates.document(ana, saved.id)).root.items
    assert isinstance(one, TemplateBucket)
    assert one.items == (
        TemplateText(data={"content": "b"}, label="first"),
        TemplateText(data={"content": "a {{title}}"}),
    )
    assert intro == TemplateText(data={"content": "intro"})
    assert saved.text_count == 3


async def test_what_processors_made_and_what_refers_to_files_stays_out_and_is_counted(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note = await anas.note("mine", book.id)
    await anas.note("derived", book.id, parent_id=note.id)
    await anas.note("see file-01k8x2v9q3f6m7t0c4d5e6f7g8", book.id)
    gone = await anas.note("trashed", book.id)
    await state.trash.trash_blob(ana, gone.id)
    saved = await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine", texts=True))
    assert (saved.text_count, saved.left_out) == (1, 2)


async def test_a_template_stays_as_it_is_when_its_bucket_changes_or_goes(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    saved = await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine"))
    await anas.bucket("later", book.id)
    await state.trash.trash_bucket(ana, book.id)
    assert await state.templates.get(ana, saved.id) == saved


async def test_only_a_bucket_of_mine_that_is_out_of_the_trash_becomes_a_template(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    book = await anas.bucket("book")
    with pytest.raises(NotFound):
        await state.templates.save(bo, NewTemplate(bucket_id=book.id, name="Mine"))
    with pytest.raises(Invalid):
        await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="\n"))
    await state.trash.trash_bucket(ana, book.id)
    with pytest.raises(Conflict):
        await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine"))


async def test_a_bucket_nested_deeper_than_a_template_is_refused(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    top = await anas.bucket("0")
    under = top.id
    for number in range(32):
        under = (await anas.bucket(str(number), under)).id
    with pytest.raises(Invalid):
        await state.templates.save(ana, NewTemplate(bucket_id=top.id, name="Mine"))


async def test_more_texts_than_a_template_may_have_are_refused(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    for _ in range(MAX_TEMPLATE_BYTES // 900_000 + 1):
        await anas.note("x" * 900_000, book.id)
    with pytest.raises(TooMuch):
        await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine", texts=True))
    assert (await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine"))).text_count == 0


# --- as a file ---


async def test_an_exported_template_is_imported_as_the_same(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    saved = await state.templates.save(ana, NewTemplate(bucket_id=await a_book(anas), name="Mine", texts=True))
    file = await state.templates.document(ana, saved.id)
    again = await state.templates.import_document(bo, file)
    assert again.user_id == bo.user_id
    assert await state.templates.document(bo, again.id) == file


async def test_a_file_that_cannot_be_used_is_refused(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid):
        await state.templates.import_document(ana, document(text("{nobody}")))
    assert len(await listed(state, ana)) == len(SHIPPED_IDS)


# --- mine alone, and not too many ---


async def test_nobody_else_reads_or_deletes_a_template_of_mine(state: State, ana: Caller, bo: Caller) -> None:
    mine = await state.templates.import_document(ana, document(bucket("x")))
    attempts: list[Any] = [state.templates.get, state.templates.document, state.templates.delete]
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt(bo, mine.id)
    assert await state.templates.get(ana, mine.id) == mine


async def test_a_deleted_template_is_gone_and_told(store: Store, state: State, ana: Caller) -> None:
    mine = await state.templates.import_document(ana, document(bucket("x")))
    with pytest.raises(PreconditionFailed):
        await state.templates.delete(ana, mine.id, if_match=IfMatch((7,)))
    await state.templates.delete(ana, mine.id)
    with pytest.raises(NotFound):
        await state.templates.document(ana, mine.id)
    with pytest.raises(NotFound):
        await state.templates.delete(ana, mine.id)
    events = [DECODER.decode(one.body) for one in await store.list_unsent(before=FAR_FUTURE, limit=100)]
    told = [(one.type, one.data["template_id"]) for one in events if one.type.startswith("template.")]
    assert told == [("template.created", mine.id), ("template.deleted", mine.id)]


async def test_there_is_a_limit_to_templates_which_deleting_makes_room_in(
    store: Store, state: State, ana: Caller, bo: Caller
) -> None:
    mine = await state.templates.import_document(ana, document(bucket("x")))
    await store.write(Increment(ana.user_id, TEMPLATES_SUM, MAX_TEMPLATES - 1))
    with pytest.raises(TooMuch):
        await state.templates.import_document(ana, document(bucket("x")))
    await state.templates.import_document(bo, document(bucket("x")))
    await state.templates.delete(ana, mine.id)
    await state.templates.import_document(ana, document(bucket("x")))


async def test_a_repeated_request_saves_one_template(
    schemas: Schemas, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    new = NewTemplate(bucket_id=book.id, name="Mine")
    first = await state.templates.save(ana, new, key="once")
    assert await state.templates.save(ana, new, key="once") == first
    assert len(await listed(state, ana)) == len(SHIPPED_IDS) + 1
