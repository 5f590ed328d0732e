"""The Embeddings port: a model that turns texts into vectors, near to each other where the texts mean the same."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

EmbeddingPurpose = Literal["query", "passage"]


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """The vectors of some texts, in their order, and the tokens that were read."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    input_tokens: int


class Embeddings(Protocol):
    """Raises Refusal for permanent errors (a wrong key, an unknown model), and Fault for others."""

    @property
    def min_similarity(self) -> float:
        """The cosine below which two texts of this model have nothing to do with each other."""
        ...

    async def embed(self, texts: Sequence[str], purpose: EmbeddingPurpose = "passage") -> Embedded:
        """Returns the vectors of texts to be found (`passage`), or of what is looked for (`query`)."""
        ...
