"""A stand-in for a model for embeddings: texts are near to each other that speak of the same things."""

from collections.abc import Sequence
from typing import Final

from reyna.domain.errors import Fault
from reyna.ports.embeddings import Embedded, EmbeddingPurpose

THINGS: Final = ({"ship", "boat", "vessel", "sail"}, {"storm", "gale", "weather"}, {"dog", "hound", "pet"})


class ThingEmbeddings:
    """A dimension for each thing, and one for everything else. `texts` are those that it was asked for."""

    min_similarity = 0.5

    def __init__(self, model: str = "things") -> None:
        self.model, self.texts, self.is_away = model, list[tuple[str, EmbeddingPurpose]](), False

    async def embed(self, texts: Sequence[str], purpose: EmbeddingPurpose = "passage") -> Embedded:
        if self.is_away:
            raise Fault("The stand-in is away.")
        self.texts += [(text, purpose) for text in texts]
        return Embedded(vectors=tuple(map(_vector_of, texts)), model=self.model, input_tokens=len(texts))


def _vector_of(text: str) -> tuple[float, ...]:
    words = set(text.lower().replace(".", " ").replace("?", " ").split())
    counts = [float(len(words & names)) for names in THINGS]
    return (*counts, 0.01)
