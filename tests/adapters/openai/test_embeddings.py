"""Embeddings of an OpenAI-compatible endpoint."""

from collections.abc import AsyncIterator

import pytest

from reyna.adapters.openai.embeddings import OpenAIEmbeddings
from reyna.domain.errors import Fault, Forbidden
from reyna.ports.embeddings import Embedded
from tests.support.language_endpoint import Answer, Endpoint, error, says, says_bytes


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def embeddings(endpoint: Endpoint) -> AsyncIterator[OpenAIEmbeddings]:
    embeddings = OpenAIEmbeddings(endpoint.url, "key-1", "e")
    yield embeddings
    await embeddings.close()


def vectors(*numbered: tuple[int, list[float]]) -> Answer:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in numbered]
    return says(200, {"object": "list", "data": data, "model": "e-1", "usage": {"prompt_tokens": 4, "total_tokens": 4}})


async def test_texts_become_vectors_in_their_order(endpoint: Endpoint, embeddings: OpenAIEmbeddings) -> None:
    endpoint.answers = [vectors((1, [0.0, 1.0]), (0, [1.0, 0.0]))]
    assert await embeddings.embed(["ship", "storm"]) == Embedded(
        vectors=((1.0, 0.0), (0.0, 1.0)), model="e-1", input_tokens=4
    )
    assert endpoint.requests[0]["input"] == ["ship", "storm"]


@pytest.mark.parametrize("answer", [vectors((0, [1.0])), says_bytes(b"{}"), says_bytes(b"[1]"), says(500, error("x"))])
async def test_an_answer_for_other_texts_is_a_fault(
    endpoint: Endpoint, embeddings: OpenAIEmbeddings, answer: Answer
) -> None:
    endpoint.answers = [answer]
    with pytest.raises(Fault):
        await embeddings.embed(["ship", "storm"])


async def test_a_wrong_key_is_refused(endpoint: Endpoint, embeddings: OpenAIEmbeddings) -> None:
    endpoint.answers = [says(401, error("no"))]
    with pytest.raises(Forbidden):
        await embeddings.embed(["ship"])
