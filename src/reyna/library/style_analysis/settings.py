"""The settings of the style analyzer."""

from typing import Annotated, Final, Literal, get_args

import msgspec

FindingKind = Literal[
    "passive",
    "adverb",
    "filter_word",
    "filler",
    "cliche",
    "repeated_word",
    "repeated_phrase",
    "long_sentence",
    "same_opening",
    "grammar",
]
FINDING_KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)


class StyleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`language` is a code (`en`), for a text whose language is not recognised; `findings` are the kinds to look for.

    `long_sentence_words`: a sentence of more words is a finding. `repeat_count` and `repeat_window_words`: so many
    times the same word within so many words. `max_findings`: of each kind that are listed; all are counted.
    `max_grammar_words`: a longer text, or bucket, has no grammar hints, which take half a second per thousand words.
    `bucket_id`: analyse all texts of this bucket and of everything in it together, instead of the single text.
    `judgements`: let the connected language model judge tone and pacing, too.
    """

    language: Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")] | None = None
    findings: tuple[FindingKind, ...] = FINDING_KINDS
    long_sentence_words: Annotated[int, msgspec.Meta(ge=10, le=200)] = 40
    repeat_count: Annotated[int, msgspec.Meta(ge=2, le=20)] = 3
    repeat_window_words: Annotated[int, msgspec.Meta(ge=10, le=500)] = 60
    max_findings: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    max_grammar_words: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 10_000
    bucket_id: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    judgements: bool = False
