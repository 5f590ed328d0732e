"""Settings that all processors of text editing have."""

from typing import Annotated, Final

import msgspec

from reyna.library.writing_styles import MAX_STYLE_CHARACTERS

MAX_INSTRUCTION_CHARACTERS: Final = 2_000

Style = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_STYLE_CHARACTERS,
        description="creative, vivid, formal, concise, journalistic, academic, or in your words; empty: as the text is",
    ),
]


class EditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`style` is that of the result, `instruction` is added to every prompt, and `language` is that of the text unless
    it is given. `context_tokens` is how much of the book may go along with each prompt, and `parallel` how many parts
    of the text are written side by side."""

    style: Style = ""
    instruction: Annotated[str, msgspec.Meta(max_length=MAX_INSTRUCTION_CHARACTERS)] = ""
    language: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    context_tokens: Annotated[int, msgspec.Meta(ge=0, le=16_000)] = 1_000
    parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 16
