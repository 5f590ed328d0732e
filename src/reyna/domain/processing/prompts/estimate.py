"""Estimates of runs: what they will send to a language model, its tokens, and what that costs."""

from typing import Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.processing.prompts.prompt import RunPrompt

REHEARSAL_SERVICES: Final = "worker"  # the service `worker-<processor>` on the bus
REHEARSAL_VERB: Final = "rehearse"


class TokenEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of one run before it begins: of all that it sends, and of the answers; and the number of calls."""

    input_tokens: int
    output_tokens: int
    calls: int = 1


class RehearsalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks a worker for the prompts of a run on this blob, or only for its tokens, without calling a model.

    The `token` is that of a run with this id, which does not exist: it reads for the user, and can complete nothing.
    `names_model`: the run would ask a model of the user, and not that of the worker.
    """

    id: str
    blob: Blob
    settings: dict[str, Any] = {}
    token: str
    only_tokens: bool = False
    names_model: bool = False


class RehearsalReport(msgspec.Struct, frozen=True, kw_only=True):
    """The prompts of a run before it begins; `complete` is False where more may follow.

    `refused` says why the run would be refused, and `unknown` why nothing is known, both in words for the user.
    `is_at_most`: the tokens of the answers are the most that the prompts allow.
    """

    prompts: tuple[RunPrompt, ...] = ()
    complete: bool = False
    tokens: TokenEstimate | None = None
    is_at_most: bool = False
    refused: str | None = None
    unknown: str | None = None


class EstimatedCost(msgspec.Struct, frozen=True, kw_only=True):
    """An amount of money, as decimal text, and its currency."""

    amount: str
    currency: str


class RunEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of runs before they are requested.

    `input_tokens` and `output_tokens` are null when they are not known, and so is `cost`. `refused` is about the number
    of runs that would be refused, `sampled` that of the blobs that were looked at. `notes` say in words for the user
    what the figures are worth.
    """

    runs: int
    calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: EstimatedCost | None = None
    model: str | None = None
    refused: int = 0
    sampled: int = 0
    notes: tuple[str, ...] = ()


def rehearsal_service(processor_id: str) -> str:
    """Returns the name under which the workers of a processor answer rehearsals on the bus."""
    return f"{REHEARSAL_SERVICES}-{processor_id}"
