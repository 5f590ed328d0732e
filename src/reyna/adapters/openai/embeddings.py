"""The Embeddings port on any OpenAI-compatible endpoint."""

from collections.abc import Sequence
from typing import Any, Final

import openai

from reyna.adapters.openai.errors import EndpointErrors
from reyna.domain.errors import Fault
from reyna.language.endpoint_words import SYSTEM_ADVICE
from reyna.language.guarded_http import AddressRule, open_http_client
from reyna.language.timeouts import DEFAULT_TIMEOUTS
from reyna.ports.embeddings import Embedded, EmbeddingPurpose
from reyna.ports.language import endpoint_name

MIN_SIMILARITY: Final = 0.2  # of texts that have something to do with each other, in most models that are not told


class OpenAIEmbeddings:
    """A model for embeddings; `url` ends before `/embeddings`. A call is one request."""

    def __init__(
        self,
        url: str | None,
        key: str | None,
        model: str,
        *,
        connect_timeout: float = DEFAULT_TIMEOUTS.connect,
        advice: str = SYSTEM_ADVICE,
        addresses: AddressRule | None = None,
        sends_purpose: bool = False,
        min_similarity: float = MIN_SIMILARITY,
    ) -> None:
        """`sends_purpose`: the endpoint is told by `input_type` whether a text is a query or a passage."""
        self.min_similarity, self._sends_purpose = min_similarity, sends_purpose
        self._model, self._host = model, endpoint_name(url)
        self._errors = EndpointErrors(self._host, model, key, advice)
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=key or "none",
            max_retries=0,
            http_client=open_http_client(connect_timeout, addresses),
        )

    async def close(self) -> None:
        await self._client.close()

    async def embed(self, texts: Sequence[str], purpose: EmbeddingPurpose = "passage") -> Embedded:
        try:
            answer = await self._client.embeddings.create(
                model=self._model,
                input=list(texts),
                encoding_format="float",
                extra_body={"input_type": purpose} if self._sends_purpose else None,
            )
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.translate(error) from error
        with self._errors.unreadable():
            return self._embedded(texts, answer)

    def _embedded(self, texts: Sequence[str], answer: Any) -> Embedded:
        vectors = tuple(tuple(one.embedding) for one in sorted(answer.data, key=lambda one: one.index))
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise Fault(f"The model for embeddings at {self._host} sent vectors for other texts than were asked for.")
        return Embedded(
            vectors=vectors,
            model=answer.model or self._model,
            input_tokens=answer.usage.prompt_tokens if answer.usage else 0,
        )
