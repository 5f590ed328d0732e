"""Rehearsals: a processor's function is run as far as its first calls of the model, which is not called."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.processing.prompts.estimate import RehearsalReport, TokenEstimate
from reyna.domain.processing.prompts.prompt import MAX_PROMPT_CHARACTERS, RunPrompt
from reyna.ports.language import Completion, Prompt
from reyna.sdk.context import Context, StateService
from reyna.sdk.processor import Processor, Refuse
from reyna.sdk.prompts.counting import count_parts

REHEARSAL_SECONDS: Final = 5.0
MAX_REHEARSED_PROMPTS: Final = 200
MAX_REHEARSED_CHARACTERS: Final = 1_000_000  # of all prompts; of what follows nothing is shown
TOO_SLOW: Final = f"Its code did not ask the language model within {REHEARSAL_SECONDS:.0f} seconds."
NEVER: Final = "The author of this processor does not allow a preview of its prompts."
BROKEN: Final = "The preview failed: its code raised an error before it called the language model."

log = logging.getLogger(__name__)


class RehearsalOver(BaseException):
    """Raised in place of an answer. No Exception, so that a processor does not take it for a fault of the model."""


class RehearsalLanguage:
    """A Language that records prompts and gives no answer; with `goes_on`, an empty one, as long as none must fit a
    schema."""

    def __init__(self, *, goes_on: bool) -> None:
        self.prompts: list[RunPrompt] = []
        self._goes_on, self._characters = goes_on, 0

    async def complete(self, prompt: Prompt) -> Completion:
        self._record(prompt)
        await asyncio.sleep(0)  # those side by side with this call are recorded, too
        if not self._goes_on or prompt.schema is not None or len(self.prompts) >= MAX_REHEARSED_PROMPTS:
            raise RehearsalOver
        return Completion(text="", model="", input_tokens=0, output_tokens=0, counted=False)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        yield await self.complete(prompt)

    def _record(self, prompt: Prompt) -> None:
        if len(self.prompts) >= MAX_REHEARSED_PROMPTS:
            return
        left = max(MAX_REHEARSED_CHARACTERS - self._characters, 0)
        parts = count_parts(prompt, most=min(left, MAX_PROMPT_CHARACTERS))
        planned = RunPrompt(
            number=len(self.prompts) + 1,
            state="planned",
            parts=parts,
            max_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            input_tokens=sum(part.tokens for part in parts),
        )
        self._characters += planned.kept_characters
        self.prompts.append(planned)


async def rehearse(
    processor: Processor[Any],
    blob: Blob,
    settings: Any,
    *,
    caller: Caller,
    state: StateService,
    demonstration: bool = False,
) -> RehearsalReport:
    """Returns the prompts that a run on this blob would send first, or all of them when the processor goes on.

    Its code runs up to there, with `context.is_rehearsal`; its steps and its progress go nowhere.
    """
    if processor.rehearsal == "never":
        return RehearsalReport(unknown=NEVER)
    language = RehearsalLanguage(goes_on=processor.rehearsal == "all")
    context = Context(
        settings,
        language=language,
        caller=caller,
        state=state,
        send_progress=_ignore,
        is_rehearsal=True,
        demonstration=demonstration,
    )
    complete, unknown = False, None
    try:
        async with asyncio.timeout(REHEARSAL_SECONDS):
            await asyncio.create_task(processor.run(blob, context))
        complete = True
    except RehearsalOver:
        pass
    except Refuse as refusal:
        return RehearsalReport(refused=refusal.reason)
    except TimeoutError:
        unknown = None if language.prompts else TOO_SLOW
    except Exception:
        log.warning("the rehearsal of %s broke", processor.id, exc_info=True)
        unknown = None if language.prompts else BROKEN
    finally:
        await context.end(send=False)
    return RehearsalReport(prompts=tuple(language.prompts), complete=complete, unknown=unknown)


async def estimate(
    processor: Processor[Any],
    blob: Blob,
    settings: Any,
    *,
    caller: Caller,
    state: StateService,
    demonstration: bool = False,
) -> RehearsalReport:
    """Returns the tokens of a run on this blob: by the estimate of the processor's author, or by a rehearsal."""
    try:
        processor.check_input(blob)
        given = await processor.estimate_tokens(blob, settings)
    except Refuse as refusal:
        return RehearsalReport(refused=refusal.reason)
    except Exception:
        log.warning("the estimate of %s broke", processor.id, exc_info=True)
        return RehearsalReport(unknown=BROKEN)
    if given is not None:
        return RehearsalReport(tokens=given, complete=True)
    report = await rehearse(processor, blob, settings, caller=caller, state=state, demonstration=demonstration)
    if report.refused or report.unknown:
        return report
    tokens = TokenEstimate(
        input_tokens=sum(prompt.input_tokens for prompt in report.prompts),
        output_tokens=sum(prompt.max_tokens for prompt in report.prompts),
        calls=len(report.prompts),
    )
    return RehearsalReport(tokens=tokens, complete=report.complete, is_at_most=bool(report.prompts))


async def _ignore(fraction: float, text: str | None) -> None:
    """Progress of a rehearsal is nobody's."""
