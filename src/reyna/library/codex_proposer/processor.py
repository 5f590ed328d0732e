"""The codex proposer: the processor that proposes entries for the codex of a book from what is written in it."""

import asyncio
from typing import Any, Final

from reyna.domain.text.clusters import shorten
from reyna.library.codex_proposer.proposals import has_capitals, proposal_data, propose, writes_all_nouns_large
from reyna.library.codex_proposer.refinement import refine
from reyna.library.codex_proposer.settings import CodexSettings
from reyna.library.codex_proposer.texts import DraftTexts, read_draft
from reyna.library.text_versions import TEXT_SCHEMAS
from reyna.sdk import Blob, Context, Derived, Processor

UNIT: Final = "utf-16"
FOUND_FRACTION: Final = 0.5
NO_CAPITALS: Final = "Names are found by their capitals, which the script of this text does not have."
ALL_NOUNS: Final = (
    "German writes all nouns with a capital: only names with a title, beside a verb of people, or of several words are "
    "proposed."
)
MAX_REASON_CHARACTERS: Final = 1_000

codex_proposer = Processor(
    "codex-proposer",
    takes=TEXT_SCHEMAS,
    makes="codex-proposals-v1",
    settings=CodexSettings,
    name="Codex proposer",
    description="Proposes characters, places and objects for the codex of a book, with the passages that name them. "
    "Nothing enters the codex by itself.",
    trigger="manual",
    whole_bucket=True,
)


@codex_proposer
async def propose_codex(blob: Blob, context: Context[CodexSettings]) -> dict[str, Any] | Derived:
    """Returns the proposals from the text, or from all texts of the bucket that the settings name, placed there.

    Raises Refuse for a bucket without a text, and for more than it takes.
    """
    draft, settings = await read_draft(blob, context), context.settings
    proposals = await asyncio.to_thread(lambda: _list_proposals(draft, settings))
    await context.progress(FOUND_FRACTION)
    missing = _missing(draft)
    if settings.refine:
        proposals, reason = await refine(proposals, context)
        if reason:
            missing.append({"field": "description", "reason": shorten(reason, MAX_REASON_CHARACTERS)})
    data: dict[str, Any] = {
        "scope": "text" if settings.bucket_id is None else "bucket",
        "source": {"bucket_id": settings.bucket_id} if settings.bucket_id else {"blob_id": blob.id},
        "texts": len(draft.texts),
        "unit": UNIT,
        "proposals": proposals,
        "not_available": missing,
    }
    if context.cost.model:
        data["model"] = context.cost.model
    await context.progress(1.0)
    return data if settings.bucket_id is None else Derived(data, buckets=(settings.bucket_id,))


def _list_proposals(draft: DraftTexts, settings: CodexSettings) -> list[dict[str, Any]]:
    return [proposal_data(one, draft.texts, settings, draft.known) for one in propose(draft.texts, settings)]


def _missing(draft: DraftTexts) -> list[dict[str, str]]:
    if not has_capitals(draft.texts):
        return [{"field": "proposals", "reason": NO_CAPITALS}]
    return [{"field": "proposals", "reason": ALL_NOUNS}] if writes_all_nouns_large(draft.texts) else []
