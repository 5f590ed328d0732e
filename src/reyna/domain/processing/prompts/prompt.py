"""Prompts of runs: the messages that a run sent to a language model, or will send, in parts that say where they are
from."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from reyna.domain.ids import MAX_ID_CHARACTERS, derive_id

MAX_PART_CHARACTERS: Final = 20_000  # of a part that is kept; a longer one is shortened
MAX_PROMPT_CHARACTERS: Final = 60_000  # of all parts of one prompt together
MAX_ANSWER_CHARACTERS: Final = 20_000
MAX_SOURCE_CHARACTERS: Final = 200
MAX_REASON_CHARACTERS: Final = 500
MAX_ERROR_CHARACTERS: Final = 2_000
MAX_PARTS: Final = 100  # of one prompt; what follows is put together as one part
MAX_PROMPTS_PER_BATCH: Final = 100
MAX_PROMPTS_PER_RUN: Final = 2_000  # of all attempts together
MAX_RUN_CHARACTERS: Final = 20_000_000  # of all prompts and answers of a run together
MAX_ATTEMPT_CHARACTERS: Final = 4_000_000  # of one attempt; of what follows only the beginning is kept

Role = Literal["system", "user"]
PromptState = Literal["planned", "sent", "answered", "broken_off", "failed"]
RunPromptsState = Literal["sent", "planned", "unknown"]


class PromptPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a prompt; `source` says in words where its text is from (`note`, `instruction`), `blob_id` of which
    blob and `bucket_id` of which bucket, and `reason` why it is in. `role` is the message that it belongs to."""

    text: Annotated[str, Meta(max_length=MAX_PART_CHARACTERS)]
    source: Annotated[str, Meta(max_length=MAX_SOURCE_CHARACTERS)]
    reason: Annotated[str, Meta(max_length=MAX_REASON_CHARACTERS)] = ""
    role: Role = "user"
    blob_id: Annotated[str, Meta(max_length=MAX_ID_CHARACTERS)] | None = None
    bucket_id: Annotated[str, Meta(max_length=MAX_ID_CHARACTERS)] | None = None


class CountedPart(PromptPart, frozen=True, kw_only=True):
    """A part as it is kept: `characters` is the length of the whole text, of which only the beginning is there when it
    is `shortened`. `tokens` are its share of those of the prompt, an estimate unless it is the only part."""

    tokens: int
    estimated: bool = True
    characters: int
    shortened: bool = False


class RunPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt of a run, in the order of its `number` within one attempt, and the beginning of what was answered.

    `estimated`: the tokens are an estimate, since the endpoint has not counted them. `complete` is False for an answer
    that was cut at `max_tokens`; `answer_characters` is the length of the whole answer. A `planned` prompt has not been
    sent yet. `attempt` and `requested_at` are those of the run when it was kept.
    """

    number: int
    state: PromptState
    parts: tuple[CountedPart, ...]
    model: Annotated[str, Meta(max_length=MAX_SOURCE_CHARACTERS)] | None = None
    max_tokens: int
    temperature: float
    input_tokens: int
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = True
    answer: Annotated[str, Meta(max_length=MAX_ANSWER_CHARACTERS)] | None = None
    answer_characters: int = 0
    complete: bool = True
    error: Annotated[str, Meta(max_length=MAX_ERROR_CHARACTERS)] | None = None
    sent_at: datetime | None = None
    seconds: float | None = None
    attempt: int = 1
    requested_at: datetime | None = None

    @property
    def kept_characters(self) -> int:
        """Returns the length of all its texts as they are kept."""
        return sum(len(part.text) for part in self.parts) + len(self.answer or "")


class NewPrompts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prompts that one attempt at a run has sent; the same number of the same attempt is the same prompt."""

    attempt_id: Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
    prompts: tuple[RunPrompt, ...]


class KeptPrompts(msgspec.Struct, frozen=True, kw_only=True):
    """The number of prompts that are kept of a request; `is_full` when the run has as many as are kept."""

    kept: int
    is_full: bool = False


class StoredPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt of a run as it is stored."""

    id: str
    user_id: str
    run_id: str
    prompt: RunPrompt
    sent_at: datetime
    characters: int = 0  # of all its texts
    revision: int = 1

    @property
    def quoted_blobs(self) -> str:
        """Returns the ids of the blobs that its parts quote."""
        return " ".join(sorted({part.blob_id for part in self.prompt.parts if part.blob_id is not None}))


class RunPrompts(msgspec.Struct, frozen=True, kw_only=True):
    """The prompts of a run, oldest first.

    `state`: they were `sent`, are `planned` for a run that has not begun, or are `unknown`. `complete` is False where
    more may follow, and `detail` says in words for the user what is not known.
    """

    run_id: str
    state: RunPromptsState
    items: tuple[RunPrompt, ...] = ()
    next_cursor: str | None = None
    complete: bool = False
    detail: str | None = None


def prompt_id(run_id: str, attempt_id: str, number: int) -> str:
    """Returns the id of a prompt: delivered twice, it is stored once."""
    return derive_id("prompt", run_id, attempt_id, number)
