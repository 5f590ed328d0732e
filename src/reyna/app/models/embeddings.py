"""The model for embeddings of this installation: the configured endpoint, or the embedded one, started late."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from reyna.adapters.openai.embeddings import OpenAIEmbeddings
from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.ports.embeddings import Embedded, EmbeddingPurpose, Embeddings

EMBEDDED_MIN_SIMILARITY: Final = 0.8  # of multilingual-e5-small: its texts without anything in common reach 0.75


class EmbeddedEmbeddings:
    """The Embeddings port on the embedded model, which is started with the first text."""

    def __init__(self, endpoint: OpenAIEmbeddings, ensure_started: Callable[[], Awaitable[None]]) -> None:
        self._endpoint, self._ensure_started = endpoint, ensure_started

    @property
    def min_similarity(self) -> float:
        return self._endpoint.min_similarity

    async def embed(self, texts: Sequence[str], purpose: EmbeddingPurpose = "passage") -> Embedded:
        await self._ensure_started()
        return await self._endpoint.embed(texts, purpose)


def open_embedded_endpoint(url: str, key: str, model: str) -> OpenAIEmbeddings:
    """Returns the client of the embedded model."""
    return OpenAIEmbeddings(url, key, model, sends_purpose=True, min_similarity=EMBEDDED_MIN_SIMILARITY)


def open_endpoint(settings: Settings, addresses: Addresses) -> OpenAIEmbeddings | None:
    """Returns the client of the model of this installation, None where there is none."""
    url, key, model = addresses.embeddings_url, addresses.embeddings_key, addresses.embeddings_model
    if not url:
        return None
    return OpenAIEmbeddings(url, key, model) if settings.embeddings_url else open_embedded_endpoint(url, key, model)


def started_late(endpoint: OpenAIEmbeddings, ensure_started: Callable[[], Awaitable[None]] | None) -> Embeddings:
    """Returns the port on an endpoint, which has to be started first where `ensure_started` is given."""
    return endpoint if ensure_started is None else EmbeddedEmbeddings(endpoint, ensure_started)
