"""The settings of the pitch writer, and the names of the parts of a pitch."""

from typing import Annotated, Final, Literal, get_args

import msgspec

PartName = Literal[
    "logline",
    "synopsis_short",
    "synopsis",
    "synopsis_long",
    "audience",
    "suggested_comparables",
    "characters",
    "selling_points",
    "query_letter",
]
PART_NAMES: Final[tuple[PartName, ...]] = get_args(PartName)
VariantName = Literal["book", "film", "album", "research-grant"]


class PitchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`variant`: what is pitched; left out, that of the pitch that is drafted again, or a book. `parts`: those to
    draft; left out, all of them but those that a person has edited. `bucket_id`: the book, instead of the single text.
    `language`: the language to write in; left out, that of the text. `material_tokens`: how much of the text goes into
    a prompt, in tokens; a longer text is summarised first. `parallel`: how many parts are drafted side by side.
    """

    variant: VariantName | None = None
    parts: Annotated[tuple[PartName, ...], msgspec.Meta(max_length=len(PART_NAMES))] = ()
    bucket_id: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    language: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    material_tokens: Annotated[int, msgspec.Meta(ge=500, le=200_000)] = 4_000
    parallel: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4
