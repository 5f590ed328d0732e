"""The pitch writer: drafts a pitch of an idea, a text or a whole book, each part by itself."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from reyna.library.demonstration import DEMONSTRATION_REASON
from reyna.library.pitch.drafting import Draft, Subject, draft_part
from reyna.library.pitch.edits import fingerprint, parts_to_draft
from reyna.library.pitch.material import condense
from reyna.library.pitch.parallel import gather_all
from reyna.library.pitch.settings import PartName, PitchSettings, VariantName
from reyna.library.pitch.sources import PITCH_SCHEMA, Source, read_source
from reyna.library.pitch.variants import VARIANTS
from reyna.library.text_versions import TEXT_SCHEMAS
from reyna.sdk import Blob, Context, Derived, Processor, Refuse

READING_FRACTION: Final = 0.4  # of the work on a book, after which its parts are drafted
MAX_MODEL_CHARACTERS: Final = 200
DEFAULT_VARIANT: Final[VariantName] = "book"

pitch_writer = Processor(
    "pitch-writer",
    takes=(*TEXT_SCHEMAS, PITCH_SCHEMA),
    makes=PITCH_SCHEMA,
    settings=PitchSettings,
    trigger="manual",
    whole_bucket=True,
    name="Pitch writer",
    description="Drafts a pitch of an idea or a whole book, part by part, and drafts single parts of a pitch again.",
)


@pitch_writer
async def write_pitch(blob: Blob, context: Context[PitchSettings]) -> dict[str, Any] | Derived:
    """Returns the pitch: a new one, or a pitch with some parts drafted again and all others as they are.

    Every part is a durable step with a prompt of its own. Raises Refuse for the demonstration model, where there is
    nothing to write about, for parts that the variant does not have, and when the model drafted none of them.
    """
    if context.language.demonstration:
        raise Refuse(DEMONSTRATION_REASON)
    source = await read_source(blob, context)
    variant_name = context.settings.variant or source.pitch.get("variant", DEFAULT_VARIANT)
    variant = VARIANTS[variant_name]
    names = _choose_parts(source, variant_name, context.settings)

    async def report_reading(fraction: float) -> None:
        await context.progress(READING_FRACTION * fraction)

    material, summarised = await condense(source.pieces, context, report_reading)
    subject = Subject(
        variant=variant,
        title=source.title,
        material=material,
        summarised=summarised,
        blob_id=source.origin.get("blob_id"),
        language=context.settings.language,
    )
    drafts = await _draft_all(names, subject, context, READING_FRACTION if summarised else 0.0)
    if all(draft.value is None for draft in drafts):
        raise Refuse(f"The model drafted none of the parts. {drafts[0].remark}")
    data = assemble(source, variant_name, drafts)
    cost = context.cost
    data["tokens"] = {"input": cost.input_tokens, "output": cost.output_tokens}
    await context.progress(1.0)
    bucket_id = source.origin.get("bucket_id")
    return data if bucket_id is None or blob.schema_id == PITCH_SCHEMA else Derived(data, buckets=(bucket_id,))


def _choose_parts(source: Source, variant_name: VariantName, settings: PitchSettings) -> list[PartName]:
    offered = VARIANTS[variant_name].parts
    if unknown := [name for name in settings.parts if name not in offered]:
        raise Refuse(f"A pitch of this variant ({variant_name}) has no {', '.join(unknown)}.")
    names = parts_to_draft(offered, settings.parts, source.pitch)
    if not names:
        raise Refuse("Every part of this pitch was edited. Name those to draft again in the setting parts.")
    return names


async def _draft_all(
    names: list[PartName], subject: Subject, context: Context[PitchSettings], begun: float
) -> list[Draft]:
    slots, done = asyncio.Semaphore(context.settings.parallel), 0

    async def draft(name: PartName) -> Draft:
        nonlocal done
        async with slots:
            drafted: Draft = await context.step(
                f"part {name}", partial(draft_part, name, subject, context), returns=Draft
            )
        done += 1
        await context.progress(begun + (1 - begun) * done / len(names))
        return drafted

    return await gather_all(draft(name) for name in names)


def assemble(source: Source, variant: VariantName, drafts: list[Draft]) -> dict[str, Any]:
    """Returns the data of the pitch: the earlier one with the drafted parts in place of its own."""
    drafted = {draft.part: draft for draft in drafts}
    data: dict[str, Any] = {"title": source.title, **source.pitch, "variant": variant}
    data |= {draft.part: draft.value for draft in drafts if draft.value is not None}
    entries = [entry for entry in source.pitch.get("drafted", ()) if _is_kept(entry, drafted)]
    data["drafted"] = [*entries, *(_entry(draft) for draft in drafts if draft.value is not None)]
    remarks = [remark for remark in source.pitch.get("remarks", ()) if remark["part"] not in drafted]
    data["remarks"] = [*remarks, *({"part": one.part, "text": one.remark} for one in drafts if one.remark)]
    if source.origin:
        data["source"] = dict(source.origin)
    return data


def _is_kept(entry: Mapping[str, Any], drafted: Mapping[PartName, Draft]) -> bool:
    draft = drafted.get(entry["part"])
    return draft is None or draft.value is None


def _entry(draft: Draft) -> dict[str, str]:
    entry = {"part": draft.part, "fingerprint": fingerprint(draft.value)}
    return entry | ({"model": draft.model[:MAX_MODEL_CHARACTERS]} if draft.model else {})
