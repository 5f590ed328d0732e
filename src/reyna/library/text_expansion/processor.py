"""Text expansion: a processor that turns a brief note into detailed prose, three to five times as long."""

from typing import Any, Final

import msgspec

from reyna.domain.text.languages import detect_language
from reyna.domain.text.words import word_count
from reyna.library.continuity.background import BookBackground
from reyna.library.continuity.gathering import gather_background
from reyna.library.fidelity.checks import find_missing, find_new_names
from reyna.library.fidelity.finding import findings_as_data
from reyna.library.fidelity.voice import find_changed_voice
from reyna.library.text_expansion import demonstration
from reyna.library.text_expansion.expansion import Expansion, ExpansionSettings
from reyna.library.text_expansion.metrics import measure
from reyna.library.text_expansion.token_estimate import estimate_expansion
from reyna.sdk import Blob, Context, Processor, Refuse, TokenEstimate

MIN_WORDS: Final = 3
MAX_WORDS: Final = 1000
MAX_CHARACTERS: Final = 20_000  # a thousand words of twenty letters; a longer text is not words

text_expansion = Processor(
    "text-expansion",
    takes="text-input-v1",
    makes="expanded-text-v1",
    settings=ExpansionSettings,
    name="Text expansion",
    description="Transforms brief notes into detailed prose, three to five times as long.",
    range=f"{MIN_WORDS} to {MAX_WORDS:,} words",
)


@text_expansion
async def expand(blob: Blob, context: Context[ExpansionSettings]) -> dict[str, Any]:
    """Returns the expanded text with its metrics, all of which are counted here.

    Progress reports the whole text so far in reading order: every passage up to the first unfinished one, and that one
    as far as it is written. It grows at its end; only the passage that is being written may still change.
    Raises Refuse for fewer than 3 or more than 1,000 words, when the model does not get to three times the words, and
    at once for a note that is too long for the demonstration model.
    """
    source, settings = source_of(blob), context.settings
    is_demonstration = context.language.demonstration
    if is_demonstration:
        demonstration.check_budget(source, settings.ratio)
    budget = 0 if is_demonstration or settings.method == "keep" else settings.context_tokens
    background = await gather_background(blob, source, context, budget)
    expansion = Expansion(
        source,
        context,
        style=blob.data.get("style"),
        blob_id=blob.id,
        background=background,
        budget_seconds=demonstration.BUDGET_SECONDS if is_demonstration else None,
    )
    expanded = await expansion.run()
    metrics = measure(expanded)
    cost = context.cost
    await context.progress(1.0, expanded)
    return {
        "original": blob.data["content"],
        "expanded": expanded,
        "expansion_ratio": round(metrics.words / word_count(source), 2),
        "metrics": msgspec.to_builtins(metrics),
        "model": cost.model or "",
        "tokens": {"input": cost.input_tokens, "output": cost.output_tokens},
        "demonstration": is_demonstration,
        "findings": findings_of(source, expanded, settings, background),
    }


def findings_of(
    source: str, expanded: str, settings: ExpansionSettings, background: BookBackground
) -> list[dict[str, Any]]:
    """Returns what the expansion has lost of the note, the names that it has added, and a voice that it has left."""
    language = settings.language or detect_language(source) or detect_language(expanded)
    return findings_as_data(
        [
            *find_missing(source, expanded, language),
            *find_new_names(expanded, [source, *background.texts], language),
            *find_changed_voice(source, expanded),
        ]
    )


@text_expansion.estimate
def estimate(blob: Blob, settings: ExpansionSettings) -> TokenEstimate:
    """Returns the tokens that the expansion of this note will use. Raises Refuse as `expand`."""
    return estimate_expansion(source_of(blob), settings, style=blob.data.get("style"), blob_id=blob.id)


def source_of(blob: Blob) -> str:
    """Returns the text to expand. Raises Refuse for one that is too short or too long."""
    source: str = blob.data["content"].replace("\r\n", "\n").strip()
    check_length(source)
    return source


def check_length(source: str) -> None:
    """Raises Refuse for a text that is too short or too long."""
    words = word_count(source)
    if not MIN_WORDS <= words <= MAX_WORDS:
        raise Refuse(f"Text expansion needs {MIN_WORDS} to {MAX_WORDS:,} words; this has {words:,}.")
    if len(source) > MAX_CHARACTERS:
        raise Refuse(f"Text expansion takes {MAX_CHARACTERS:,} characters; this has {len(source):,}.")
