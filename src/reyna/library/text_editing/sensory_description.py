"""Sensory description: a text with what can be seen, heard, smelled, tasted and felt in it."""

from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.library.text_editing.editing import edit_text, editable_text
from reyna.library.text_editing.results import as_expanded_text
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask
from reyna.sdk import Blob, Context, Processor

Sense = Literal["sight", "sound", "smell", "taste", "touch"]
DEFAULT_SENSES: Final[tuple[Sense, ...]] = ("sight", "sound", "smell", "touch")


class DescriptionSettings(EditSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`senses` are those to write for, and `ratio` the wanted length in times the words of the text; the other settings
    are those of every edit."""

    senses: Annotated[tuple[Sense, ...], msgspec.Meta(min_length=1, max_length=5)] = (
        "sight",
        "sound",
        "smell",
        "touch",
    )
    ratio: Annotated[float, msgspec.Meta(ge=1.2, le=4.0)] = 2.0


sensory_description = Processor(
    "sensory-description",
    takes="text-input-v1",
    makes="expanded-text-v1",
    settings=DescriptionSettings,
    trigger="manual",
    name="Description with the senses",
    description="Adds what can be seen, heard, smelled, tasted and felt.",
)


@sensory_description
async def describe(blob: Blob, context: Context[DescriptionSettings]) -> dict[str, Any]:
    """Returns the text with details for the senses."""
    source, settings = editable_text(blob, context), context.settings
    senses = ", ".join(dict.fromkeys(settings.senses))
    task = EditTask(
        instruction=f"Tell the text below with more detail for these senses: {senses}. Put the details where they "
        "belong; keep its meaning, facts, names, numbers, quotations, order and narrator, and add no new events.",
        reason="The senses and the length follow from the settings.",
        ratio=settings.ratio,
    )
    edited = await edit_text(blob, source, task, context)
    return await as_expanded_text(blob.data["content"], edited, context)
