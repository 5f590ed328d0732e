"""Text continuation: a text as it is, and what follows."""

from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from reyna.library.text_editing.editing import edit_text, editable_text
from reyna.library.text_editing.results import as_expanded_text
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask
from reyna.sdk import Blob, Context, Processor


class ContinuationSettings(EditSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`words` is the length of what is added, and `direction` says what happens next; the other settings are those of
    every edit."""

    words: Annotated[int, msgspec.Meta(ge=30, le=1_500)] = 200
    direction: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


text_continuation = Processor(
    "text-continuation",
    takes="text-input-v1",
    makes="expanded-text-v1",
    settings=ContinuationSettings,
    trigger="manual",
    name="Text continuation",
    description="Goes on where a text ends.",
)


@text_continuation
async def go_on(blob: Blob, context: Context[ContinuationSettings]) -> dict[str, Any]:
    """Returns the text, letter by letter as it was, and its continuation behind it."""
    source, settings = editable_text(blob, context), context.settings
    direction = f" What happens next: {settings.direction.strip()}" if settings.direction.strip() else ""
    task = EditTask(
        instruction=f"Go on where the text below ends, as its author would. Do not repeat any of it.{direction}",
        reason="The length and the direction follow from the settings.",
        words=settings.words,
        keeps_facts=False,
    )
    edited = await edit_text(blob, source, task, context, is_one_passage=True)
    whole = f"{source}\n\n{edited.text}"
    shift = len(whole) - len(edited.text)
    findings = [
        replace(one, start=one.start + shift, end=one.end + shift) if one.kind == "new_name" else one
        for one in edited.findings
    ]
    return await as_expanded_text(blob.data["content"], replace(edited, text=whole, findings=findings), context)
