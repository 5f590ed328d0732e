"""Text shortening: the same content in fewer words."""

from typing import Annotated, Any

import msgspec

from reyna.library.text_editing.editing import edit_text, editable_text
from reyna.library.text_editing.results import as_edited_text
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask
from reyna.sdk import Blob, Context, Processor


class ShorteningSettings(EditSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ratio` is the wanted length in times the words of the text; the other settings are those of every edit."""

    ratio: Annotated[float, msgspec.Meta(ge=0.1, le=0.9)] = 0.6


text_shortening = Processor(
    "text-shortening",
    takes="text-input-v1",
    makes="edited-text-v1",
    settings=ShorteningSettings,
    trigger="manual",
    name="Text shortening",
    description="Says the same in fewer words.",
)


@text_shortening
async def shorten(blob: Blob, context: Context[ShorteningSettings]) -> dict[str, Any]:
    """Returns a draft with the shortened text."""
    source = editable_text(blob, context)
    task = EditTask(
        instruction="Shorten the text below. Cut what repeats or decorates, and keep its meaning, names, numbers, "
        "quotations, order and narrator.",
        reason="The length follows from the setting `ratio`.",
        ratio=context.settings.ratio,
    )
    edited = await edit_text(blob, source, task, context)
    return await as_edited_text(blob.data["content"], edited, context.settings.style, context)
