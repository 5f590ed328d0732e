"""Beat expansion: a scene in prose, made from a list of its beats."""

import re
from typing import Annotated, Any, Final

import msgspec

from reyna.library.text_editing.editing import edit_text, editable_text
from reyna.library.text_editing.results import as_expanded_text
from reyna.library.text_editing.settings import EditSettings
from reyna.library.text_editing.task import EditTask
from reyna.sdk import Blob, Context, Processor, Refuse

BEAT: Final = re.compile(r"^\s*(?:[-*•+\u2013]|\d{1,3}[.)])?\s*(\S.*?)\s*$", re.MULTILINE)
MAX_BEATS: Final = 40


class BeatSettings(EditSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`words_per_beat` is the length of the prose for each beat; the other settings are those of every edit."""

    words_per_beat: Annotated[int, msgspec.Meta(ge=20, le=400)] = 100


beat_expansion = Processor(
    "beat-expansion",
    takes="text-input-v1",
    makes="expanded-text-v1",
    settings=BeatSettings,
    trigger="manual",
    name="Beat expansion",
    description="Makes a scene of a list of beats: one for each line.",
)


def beats_in(text: str) -> list[str]:
    """Returns the beats of a text: its lines, without bullets and numbers."""
    return [found[1] for found in BEAT.finditer(text)]


@beat_expansion
async def expand_beats(blob: Blob, context: Context[BeatSettings]) -> dict[str, Any]:
    """Returns the scene. Raises Refuse for more than 40 beats."""
    source, beats = editable_text(blob, context), beats_in(blob.data["content"])
    if len(beats) > MAX_BEATS:
        raise Refuse(f"This takes up to {MAX_BEATS} beats, one for each line; the text has {len(beats)}.")
    task = EditTask(
        instruction="The lines below are the beats of a scene, in their order. Write the scene in prose: every beat "
        "happens, none is named as one, and nothing else happens.",
        reason="The length follows from the setting `words_per_beat`.",
        words=len(beats) * context.settings.words_per_beat,
    )
    edited = await edit_text(blob, source, task, context, is_one_passage=True)
    return await as_expanded_text(blob.data["content"], edited, context)
