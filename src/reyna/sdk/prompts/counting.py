"""The parts of a prompt as they are kept: with their tokens, and shortened where they are long."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from reyna.domain.processing.prompts.prompt import (
    MAX_PART_CHARACTERS,
    MAX_PARTS,
    MAX_PROMPT_CHARACTERS,
    MAX_REASON_CHARACTERS,
    MAX_SOURCE_CHARACTERS,
    CountedPart,
    PromptPart,
)
from reyna.domain.text.clusters import truncate
from reyna.domain.text.tokens import estimate_tokens
from reyna.ports.language import Prompt

FURTHER_PARTS: Final = "further parts"


def count_parts(prompt: Prompt, *, most: int = MAX_PROMPT_CHARACTERS) -> tuple[CountedPart, ...]:
    """Returns the parts of the texts that are sent, with an estimate of their tokens.

    Each is shortened to 20,000 characters at the end of a grapheme cluster, and all of them together to `most`.
    """
    counted, left = [], most
    for part in _join_surplus(prompt.sent_parts):
        kept = truncate(part.text, min(left, MAX_PART_CHARACTERS)) if left > 0 else ""
        left -= len(kept)
        counted.append(
            CountedPart(
                text=kept,
                source=truncate(part.source, MAX_SOURCE_CHARACTERS),
                reason=truncate(part.reason, MAX_REASON_CHARACTERS),
                role=part.role,
                blob_id=part.blob_id,
                bucket_id=part.bucket_id,
                tokens=estimate_tokens(part.text),
                characters=len(part.text),
                shortened=len(kept) < len(part.text),
            )
        )
    return tuple(counted)


def share_tokens(parts: Sequence[CountedPart], total: int) -> tuple[CountedPart, ...]:
    """Returns the parts with the counted tokens of their prompt, shared among them as they were estimated."""
    estimated, given, before = sum(part.tokens for part in parts), 0, 0
    shared = []
    for part in parts:
        before += part.tokens
        upto = round(total * before / estimated) if estimated else 0
        shared.append(replace(part, tokens=upto - given, estimated=len(parts) > 1))
        given = upto
    return tuple(shared)


def _join_surplus(parts: Sequence[PromptPart]) -> Sequence[PromptPart]:
    """Returns at most 100 parts: those behind the 98th are put together, one part for each role."""
    if len(parts) <= MAX_PARTS:
        return parts
    first, rest = parts[: MAX_PARTS - 2], parts[MAX_PARTS - 2 :]
    system = PromptPart(text=_join(rest, "system"), source=FURTHER_PARTS, role="system")
    user = PromptPart(text=_join(rest, "user"), source=FURTHER_PARTS)
    return (*first, *(part for part in (system, user) if part.text))


def _join(parts: Sequence[PromptPart], role: str) -> str:
    return "".join(part.text for part in parts if part.role == role)
