"""The embedded model for embeddings: started with the first text, near for the same meaning, and behind its key."""

from pathlib import Path

import httpx
import pytest

from reyna.app.models.embeddings import EmbeddedEmbeddings, open_embedded_endpoint
from reyna.embedded.embedder.process import Embedder
from reyna.embedded.home import Home


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder(Home(tmp_path / "home"))


async def test_it_starts_with_the_first_text_and_finds_what_means_the_same(embedder: Embedder) -> None:
    endpoint = open_embedded_endpoint(embedder.url, embedder.key, embedder.model)
    embeddings = EmbeddedEmbeddings(endpoint, embedder.ensure_started)
    assert embedder.process.pid is None
    try:
        texts = ["The sailors drowned when their ship went down.", "Bread needs flour, water and salt.", ""]
        passages = (await embeddings.embed(texts)).vectors
        query = (await embeddings.embed(["men lost at sea"], "query")).vectors[0]
        similar = [sum(a * b for a, b in zip(query, passage, strict=True)) for passage in passages]
        assert {len(passage) for passage in passages} == {384}
        assert similar[0] > similar[1]
        assert similar[0] >= embeddings.min_similarity
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{embedder.url}/embeddings", json={"input": ["x"]})
            assert answer.status_code == 401
            for body in (b"{", b"[]", b'{"input": 3}', b'{"input": [3]}'):
                answer = await client.post(
                    f"{embedder.url}/embeddings", content=body, headers={"Authorization": f"Bearer {embedder.key}"}
                )
                assert answer.status_code == 400
    finally:
        await endpoint.close()
        await embedder.stop()
    assert embedder.process.pid is None
