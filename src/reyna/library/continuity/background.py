"""The background of a text: excerpts of the book around it, as parts of prompts within a budget of tokens."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from reyna.domain.text.folding import fold
from reyna.domain.text.tokens import estimate_tokens
from reyna.sdk import PromptPart


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the book with its source: `blob_id` and `bucket_id`, and the `reason` for which it is in a prompt.

    An entry of the codex has the `names` by which it is found in a passage.
    """

    text: str
    title: str
    source: str
    reason: str
    blob_id: str | None = None
    bucket_id: str | None = None
    names: tuple[str, ...] = ()

    def as_part(self) -> PromptPart:
        return PromptPart(
            text=f"{self.title}:\n{self.text}\n\n",
            source=self.source,
            reason=self.reason,
            blob_id=self.blob_id,
            bucket_id=self.bucket_id,
        )


class BookBackground(msgspec.Struct, frozen=True, kw_only=True):
    """`before` and `after` are excerpts around the text, the nearest first; `codex` are entries on people and places.

    `budget_tokens` is how much of it goes into one prompt.
    """

    before: tuple[Excerpt, ...] = ()
    after: tuple[Excerpt, ...] = ()
    codex: tuple[Excerpt, ...] = ()
    budget_tokens: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """Returns everything that is known of the book, with the names of the entries."""
        excerpts = (*self.before, *self.after, *self.codex)
        return (*(one.text for one in excerpts), *(" ".join(one.names) for one in self.codex))

    def parts_for(self, passage: str, *, begins: bool, ends: bool) -> list[PromptPart]:
        """Returns the parts for a passage: the entries of whom it names, and the texts before and after it where it
        `begins` or `ends` the whole text. What does not fit into the budget is left out, the nearest text last."""
        named = [entry for entry in self.codex if is_named(passage, entry.names)]
        wanted = [*(self.before[:1] if begins else ()), *named, *(self.before[1:] if begins else ())]
        wanted += self.after if ends else ()
        chosen = _within(wanted, self.budget_tokens)
        if not chosen:
            return []
        order = [*named, *reversed(self.before), *self.after]
        parts = [excerpt.as_part() for excerpt in order if excerpt in chosen]
        return [
            PromptPart(text=INTRODUCTION, source="instruction", reason="It tells the background from the text."),
            *parts,
        ]


NO_BACKGROUND: Final = BookBackground()
INTRODUCTION: Final = "Background from the same book. Stay consistent with it, and retell none of it.\n\n"
MIN_NAME_CHARACTERS: Final = 2


def is_named(text: str, names: Iterable[str]) -> bool:
    """Returns True when one of the names stands in the text as whole words, in any case."""
    folded = fold(text)
    keys = [key for name in names if len(key := fold(name)) >= MIN_NAME_CHARACTERS]
    return any(re.search(rf"(?<!\w){re.escape(key)}(?:s|['\u2019]s)?(?!\w)", folded) for key in keys)


def _within(excerpts: Sequence[Excerpt], budget: int) -> list[Excerpt]:
    """Returns the excerpts that fit together, in the order of their weight; a large one gives way to smaller ones."""
    chosen, left = list[Excerpt](), budget - estimate_tokens(INTRODUCTION)
    for excerpt in excerpts:
        if (needed := estimate_tokens(excerpt.as_part().text)) <= left:
            chosen.append(excerpt)
            left -= needed
    return chosen
