"""Search by meaning: texts get their vectors in the background, and are found by other words than they have."""

import pytest

from reyna.adapters.memory.passage_index import MemoryPassageIndex
from reyna.adapters.memory.search_index import MemorySearchIndex
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import BlobChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid
from reyna.domain.search.hit import SearchMode
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.search.indexer import NO_PAUSE, Indexer
from reyna.services.state.search.passage_embedding import PassageEmbedding
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.support.embeddings import ThingEmbeddings

QUESTION = "who took the vessel out"


class MeaningfulState:
    """A state service whose index and vectors follow when the test asks for it."""

    def __init__(self, schemas: Schemas) -> None:
        self.store, self.index, self.embeddings = MemoryStore(COLLECTIONS), MemorySearchIndex(), ThingEmbeddings()
        self.passages = MemoryPassageIndex(self.index)
        self.state = State(
            self.store, schemas, search_index=self.index, passages=self.passages, embeddings=self.embeddings
        )
        self.indexer = Indexer(self.store, self.index, NO_PAUSE, passages=self.passages)
        self.embedding = PassageEmbedding(self.passages, self.embeddings)

    async def follow(self, caller: Caller, *ids: str) -> int:
        await self.indexer.refresh(caller.user_id, ids)
        return await self.embedding.embed_waiting()

    async def find(self, caller: Caller, q: str, mode: SearchMode = "hybrid") -> list[tuple[str, tuple[str, ...]]]:
        hits = (await self.state.search.find(caller, q, mode=mode)).items
        return [(hit.id, hit.found_by) for hit in hits]


@pytest.fixture
def meaningful(schemas: Schemas) -> MeaningfulState:
    return MeaningfulState(schemas)


@pytest.fixture
def state(meaningful: MeaningfulState) -> State:
    return meaningful.state


async def test_a_question_in_other_words_finds_the_passage(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("Nothing of note. " * 200 + "\n\nThe boat left. " + "\n\nAgain nothing. " * 200)
    other = await anas.note("The dog slept.")
    await meaningful.follow(ana, note.id, other.id)
    (hit,) = (await meaningful.state.search.find(ana, QUESTION)).items
    assert (hit.id, hit.found_by) == (note.id, ("semantic",))
    assert hit.snippet
    assert await meaningful.find(ana, QUESTION, "text") == []
    nearest, *_ = await meaningful.find(ana, "vessel", "semantic")
    assert nearest == (note.id, ("semantic",))


async def test_both_ways_are_fused_and_named(meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller) -> None:
    both, words = (
        await anas.note("a ship in a storm at sea"),
        await anas.note("storm in a ship model at sea, and a dog"),
    )
    meaning = await anas.note("boat in weather")
    await meaningful.follow(ana, both.id, words.id, meaning.id)
    found = dict(await meaningful.find(ana, "ship storm sea"))
    assert found == {
        both.id: ("text", "semantic"),
        words.id: ("text", "semantic"),
        meaning.id: ("semantic",),
    }


@pytest.mark.parametrize("q", ["vessel", "the vessel", '"the vessel" went out', "the vessel left -dog", "", "  "])
async def test_short_queries_and_those_with_operators_go_by_words_alone(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller, q: str
) -> None:
    note = await anas.note("A boat.")
    await meaningful.follow(ana, note.id)
    asked = len(meaningful.embeddings.texts)
    assert all(found_by == ("text",) for _, found_by in await meaningful.find(ana, q))
    assert len(meaningful.embeddings.texts) == asked


async def test_a_changed_text_is_embedded_once_more_and_another_is_not(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller
) -> None:
    note, other = await anas.note("A boat."), await anas.note("A boat too.")
    assert await meaningful.follow(ana, note.id, other.id) == 2
    assert await meaningful.follow(ana, note.id, other.id) == 0
    await meaningful.state.blobs.change(ana, note.id, BlobChange(data={"content": "A dog."}, base_revision=1))
    assert await meaningful.follow(ana, note.id, other.id) == 1
    assert await meaningful.find(ana, QUESTION) == [(other.id, ("semantic",))]


async def test_an_index_built_anew_has_its_vectors_made_anew(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("A boat.")
    await meaningful.follow(ana, note.id)
    house, cursor = Caller(user_id=ana.user_id, kind="house"), None
    while (step := await meaningful.state.search.reindex(house, cursor)).next_cursor is not None:
        cursor = step.next_cursor
    assert await meaningful.embedding.embed_waiting() == 1
    assert await meaningful.find(ana, QUESTION) == [(note.id, ("semantic",))]


async def test_nothing_of_another_user_is_found_by_its_meaning(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    note = await anas.note("My secret boat.")
    await meaningful.follow(ana, note.id)
    modes: list[SearchMode] = ["semantic", "hybrid"]
    for mode in modes:
        assert await meaningful.find(bo, QUESTION, mode) == []


async def test_without_the_model_words_are_still_found(
    meaningful: MeaningfulState, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("They took the vessel out.")
    meaningful.embeddings.is_away = True
    with pytest.raises(Fault):
        await meaningful.follow(ana, note.id)
    assert await meaningful.find(ana, "took the vessel out") == [(note.id, ("text",))]
    with pytest.raises(Fault):
        await meaningful.find(ana, QUESTION, "semantic")


async def test_where_there_is_no_model_its_mode_is_refused(schemas: Schemas, ana: Caller) -> None:
    state = State(MemoryStore(COLLECTIONS), schemas, search_index=MemorySearchIndex())
    with pytest.raises(Invalid):
        await state.search.find(ana, QUESTION, mode="semantic")
    assert (await state.search.find(ana, QUESTION)).items == ()
