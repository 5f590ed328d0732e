"""Text rewriting: the same content in other words and about the same length."""

from typing import Any, Final

from reyna.library.text_editing.editing import edit_text, editable_text
from reyna.library.text_editing.results import as_edited_text
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask
from reyna.sdk import Blob, Context, Processor

TASK: Final = EditTask(
    instruction="Rewrite the text below in better prose of about the same length. Keep its meaning, facts, names, "
    "numbers, quotations, order and narrator.",
    reason="The task of the processor.",
)
text_rewriting = Processor(
    "text-rewriting",
    takes="text-input-v1",
    makes="edited-text-v1",
    settings=EditSettings,
    trigger="manual",
    name="Text rewriting",
    description="Tells a text anew in other words, at about the same length.",
)


@text_rewriting
async def rewrite(blob: Blob, context: Context[EditSettings]) -> dict[str, Any]:
    """Returns a draft with the rewritten text."""
    source = editable_text(blob, context)
    edited = await edit_text(blob, source, TASK, context)
    return await as_edited_text(blob.data["content"], edited, context.settings.style, context)
