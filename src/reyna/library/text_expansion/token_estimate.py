"""The tokens that the expansion of a text will use, computed from its passages without asking a model."""

import math
from typing import Final

from reyna.domain.text.tokens import estimate_tokens
from reyna.library.text_expansion.expansion import ExpansionSettings, persona_of
from reyna.library.text_expansion.passage_writer import MAX_CONTEXT_WORDS, MIN_SENTENCE_WORDS
from reyna.library.text_expansion.passages import Passage, split_passages
from reyna.library.text_expansion.prompts import Persona, continuation_prompt, rewriting_prompt
from reyna.sdk import Prompt, TokenEstimate

WORDS_PER_CONTINUATION: Final = 24.0  # that are kept of one answer on average
TOKENS_PER_KEPT_TOKEN: Final = 1.4  # what a model writes to what is kept of it, when it continues a text


def estimate_expansion(
    source: str, settings: ExpansionSettings, *, style: str | None, blob_id: str | None = None
) -> TokenEstimate:
    """Returns the tokens of all calls for this text.

    A rewriting is one call for each passage. Where sentences are kept, the model continues each of them until its share
    of the length is reached.
    """
    persona = persona_of(source, settings, style=style, blob_id=blob_id)
    per_passage = _of_rewriting if settings.method == "rewrite" else _of_continuations
    found = [
        per_passage(persona, passage, settings.ratio) for passage in split_passages(source, parallel=settings.parallel)
    ]
    return TokenEstimate(
        input_tokens=sum(one.input_tokens for one in found),
        output_tokens=sum(one.output_tokens for one in found),
        calls=sum(one.calls for one in found),
    )


def _of_rewriting(persona: Persona, passage: Passage, ratio: float) -> TokenEstimate:
    words = passage.words * ratio
    prompt = rewriting_prompt(persona, passage, target_words=words, max_words=words)
    return TokenEstimate(input_tokens=_tokens_of(prompt), output_tokens=round(estimate_tokens(passage.text) * ratio))


def _of_continuations(persona: Persona, passage: Passage, ratio: float) -> TokenEstimate:
    missing = passage.words * (ratio - 1)
    continued = sum(not one.verbatim and one.words >= MIN_SENTENCE_WORDS for one in passage.segments)
    calls = max(continued, math.ceil(missing / WORDS_PER_CONTINUATION), 1)
    context = " ".join(passage.text.split()[:MAX_CONTEXT_WORDS])
    prompt = continuation_prompt(persona, context, missing_words=missing, again=False)
    written = estimate_tokens(passage.text) * (ratio - 1) * TOKENS_PER_KEPT_TOKEN
    return TokenEstimate(input_tokens=calls * _tokens_of(prompt), output_tokens=round(written), calls=calls)


def _tokens_of(prompt: Prompt) -> int:
    return sum(estimate_tokens(part.text) for part in prompt.sent_parts)
