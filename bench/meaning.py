"""`python -m bench.meaning`: paraphrased questions that find their text among the first ten hits, by words and meaning.

The corpus is made by rule: each of 25 events in each of 8 settings is one text among others of the same event and of
the same setting, and its question says both in other words. So a question must be understood in both of its halves.
"""

import argparse
import math
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from bench.percentiles import Spread
from bench.sample_library import OWNER
from bench.stores import temporary_folder
from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.search.index import PostgresSearchIndex, open_search_pool
from reyna.adapters.postgres.search.passages import PostgresPassageIndex, has_vectors
from reyna.app import log
from reyna.app.models.embeddings import EmbeddedEmbeddings, open_embedded_endpoint
from reyna.domain.blob import Blob
from reyna.domain.search.hit import SearchMode
from reyna.embedded.embedder.process import Embedder
from reyna.embedded.home import Home
from reyna.embedded.postgres import Postgres
from reyna.ports.store import Put
from reyna.services.schemas import records as schema_records
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, COLLECTIONS
from reyna.services.state.search.passage_embedding import PassageEmbedding
from reyna.services.state.service import State

FIRST_HITS: Final = 10
MIN_POINTS: Final = 15.0  # by which meaning must find more than words alone
AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS: Final = (  # as the text says it, and as the question does
    ("The surgeon stitched the wound of the young sergeant", "a doctor sewing up an injured soldier"),
    ("A thief slipped the diamond necklace into his coat", "somebody stealing jewellery"),
    ("The pianist broke down in tears before the last chord", "a musician crying at the keyboard"),
    ("Two brothers quarrelled over their father's farm", "siblings fighting about inherited land"),
    ("The baker pulled warm loaves from the oven", "making bread"),
    ("The detective found the poisoned cup under the sofa", "an investigator discovering proof of a murder"),
    ("The bride ran away before the vows were spoken", "a woman escaping from her own wedding"),
    ("An astronaut repaired the broken antenna with tape", "a space traveller fixing communication equipment"),
    ("The gardener buried his dog beneath the apple tree", "a dead pet being laid to rest"),
    ("The teacher tore up all the examination papers", "a school instructor destroying tests"),
    ("A smuggler hid barrels of rum behind the wall", "concealing illegal alcohol"),
    ("The queen signed the order to behead her cousin", "a monarch condemning a relative to death"),
    ("The fisherman hauled in an empty net once more", "somebody catching nothing from the water"),
    ("A girl taught the blind man to read with his fingers", "helping a person without sight learn letters"),
    ("The engineer warned that the dam would burst", "an expert predicting a flood"),
    ("The chess champion resigned and shook hands", "giving up a board game"),
    ("A nurse fell asleep beside the cradle", "a carer dozing near an infant"),
    ("The mayor accepted an envelope full of banknotes", "a politician taking a bribe"),
    ("The climber cut the rope to save himself", "a mountaineer sacrificing a companion"),
    ("A wolf followed the lovers between the trees", "a couple pursued by a wild animal"),
    ("The tailor sewed a secret letter into the lining", "hiding a message in clothing"),
    ("The orchestra played on though the roof was burning", "a symphony performed in spite of fire"),
    ("A recruit threw his rifle into the ditch and went home", "abandoning the army"),
    ("The librarian refused to burn the forbidden volumes", "protecting censored books"),
    ("Grandmother told the children how the moon was born", "an old relative inventing a myth for kids"),
)
SETTINGS: Final = (
    ("while snow fell without end", "in wintry weather"),
    ("in the burning heat of noon", "on a scorching day"),
    ("on the morning of the coronation", "when a new ruler was crowned"),
    ("during the great plague", "in times of a deadly epidemic"),
    ("on the last train to the coast", "inside a railway carriage"),
    ("in the cellar of the old monastery", "underground among monks"),
    ("on the deck of the sinking ferry", "aboard a boat that goes down"),
    ("at the carnival in Venice", "at a masked festival in Italy"),
)
FILLERS: Final = (
    "Nobody had expected it, least of all those who stood closest.",
    "Later each of them would remember it differently.",
    "There was a silence, and then somebody coughed.",
    "It was written down years afterwards, and not always truthfully.",
    "A clock struck somewhere, though it showed the wrong hour.",
    "What happened next was decided in a few seconds.",
    "The others looked away, as people do.",
    "It should have ended there, but it did not.",
    "For a moment everything seemed simple.",
    "I have often asked myself since what I would have done.",
)
Ask = Callable[[str], Awaitable[Sequence[str]]]


def make_corpus(seed: int = 7) -> list[tuple[str, str]]:
    """Returns texts with their questions."""
    chance = random.Random(seed)
    corpus = []
    for event, asked_event in EVENTS:
        for setting, asked_setting in SETTINGS:
            before, middle, after = chance.sample(FILLERS, 3)
            corpus.append((f"{before} {event} {setting}. {middle} {after}", f"{asked_event} {asked_setting}"))
    return corpus


async def main() -> None:
    log.configure("error", "console")
    with temporary_folder() as folder:
        home = Home(Path(folder) / "home")
        server, embedder = Postgres(home), Embedder(home)
        await server.start()
        try:
            await migrate(server.url)
            pool = await open_search_pool(server.url)
            if not await has_vectors(pool):
                raise SystemExit("PostgreSQL has no extension vector")
            endpoint = open_embedded_endpoint(embedder.url, embedder.key, embedder.model)
            embeddings = EmbeddedEmbeddings(endpoint, embedder.ensure_started)
            passages, store = PostgresPassageIndex(pool), MemoryStore(COLLECTIONS)
            state = State(
                store,
                Schemas(MemoryStore(schema_records.COLLECTIONS)),
                search_index=PostgresSearchIndex(pool),
                passages=passages,
                embeddings=embeddings,
            )
            await _measure(state, store, passages, PassageEmbedding(passages, embeddings))
            await endpoint.close()
            await pool.close()
        finally:
            await embedder.stop()
            await server.stop()


async def _measure(
    state: State, store: MemoryStore, passages: PostgresPassageIndex, embedding: PassageEmbedding
) -> None:
    corpus = make_corpus()
    ids = [f"blob-{number:03}" for number in range(len(corpus))]
    await store.write(*(Put(BLOBS, _make_blob(id, text)) for id, (text, _) in zip(ids, corpus, strict=True)))
    assert state.indexer is not None
    await state.indexer.refresh(OWNER.user_id, ids)
    await passages.wait_again(OWNER.user_id, ids)  # from now on, instead of in some seconds
    began = time.perf_counter()
    await embedding.embed_waiting()
    print(f"{len(ids)} texts embedded in {time.perf_counter() - began:.1f} s\n")
    asked = {id: question for id, (_, question) in zip(ids, corpus, strict=True)}
    any_word = AnyWord({id: text for id, (text, _) in zip(ids, corpus, strict=True)})
    print(f"{'recall@10 of ' + str(len(asked)) + ' paraphrased questions':<52}{'%':>6}   {'ms, p50':>8} {'p95':>8}")
    recall = {}
    for name, ask in (
        ("words: all of them (mode=text)", _by_mode(state, "text")),
        ("words: any of them, rare ones first (for comparison)", any_word.find),
        ("meaning (mode=semantic)", _by_mode(state, "semantic")),
        ("both (mode=hybrid)", _by_mode(state, "hybrid")),
    ):
        found, took = 0, []
        for id, question in asked.items():
            began = time.perf_counter()
            found += id in await ask(question)
            took.append((time.perf_counter() - began) * 1000)
        recall[name], spread = 100 * found / len(asked), Spread.of(took)
        print(f"{name:<52}{recall[name]:6.1f}   {spread.p50:8.1f} {spread.p95:8.1f}", flush=True)
    text, *_, hybrid = recall.values()
    verdict = "" if hybrid - text >= MIN_POINTS else ": TOO FEW"
    print(f"\nboth find {hybrid - text:.1f} points more than all words{verdict}")


def _by_mode(state: State, mode: SearchMode) -> Ask:
    async def ask(question: str) -> Sequence[str]:
        page = await state.search.find(OWNER, f"{question} ", mode=mode, limit=FIRST_HITS)
        return [hit.id for hit in page.items]

    return ask


class AnyWord:
    """The usual search by any of the words, in which rare words count more (the sum of their idf)."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._words = {id: set(_words(text)) for id, text in texts.items()}
        self._counts = Counter(word for words in self._words.values() for word in words)

    async def find(self, question: str) -> Sequence[str]:
        wanted = {
            word: math.log(len(self._words) / self._counts[word]) for word in _words(question) if self._counts[word]
        }
        scores = {id: sum(wanted[word] for word in words & wanted.keys()) for id, words in self._words.items()}
        best = sorted((id for id, score in scores.items() if score), key=scores.__getitem__, reverse=True)
        return best[:FIRST_HITS]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def _make_blob(id: str, text: str) -> Blob:
    return Blob(
        id=id,
        user_id=OWNER.user_id,
        processor_id="user-input",
        schema_id="text-input-v1",
        schema_version="1.0.0",
        data={"content": text},
        size=len(text) + 20,
        created_by=OWNER.user_id,
        changed_by=OWNER.user_id,
        created_at=AT,
        updated_at=AT,
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    uvloop.run(main())
