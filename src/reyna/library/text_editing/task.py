"""The task of an edit: what a model is asked to do with a passage, and how long its answer may be."""

from collections.abc import Sequence
from typing import Final

import msgspec

from reyna.library.text_expansion.passages import Passage
from reyna.library.text_expansion.prompts import EXTRA_TOKENS, INITIAL_TEMPERATURE, TOKENS_PER_WORD, Persona
from reyna.sdk import Prompt, PromptPart

MIN_ANSWER_TOKENS: Final = 64


class EditTask(msgspec.Struct, frozen=True, kw_only=True):
    """`instruction` is what to do. The answer has about `ratio` times the words of the passage, or `words` of its own.

    `keeps_facts`: the names, numbers and quotations of the passage must be in the answer.
    """

    instruction: str
    reason: str
    ratio: float = 1.0
    words: int | None = None
    keeps_facts: bool = True

    def target_words(self, passage: Passage) -> float:
        return self.words if self.words is not None else max(self.ratio * passage.words, 1)


def edit_prompt(
    persona: Persona, passage: Passage, task: EditTask, *, background: Sequence[PromptPart], keep: Sequence[str]
) -> Prompt:
    """Returns the prompt for one passage. `keep` are words that an earlier answer has lost."""
    target = task.target_words(passage)
    asked = f"{task.instruction} Write about {target:.0f} words. Invent no new people, places or numbers.\n\n"
    neighbours = [
        persona.part(f"{where} it stands, and stays as it is: {text}\n\n", "note", "So that the passage fits in.")
        for where, text in (("Before", passage.before), ("After", passage.after))
        if text
    ]
    lost = "These must stand in your text exactly as they are: " + "; ".join(keep) + "\n\n"
    return Prompt.of_parts(
        [
            *persona.system_parts("You edit prose. You answer with the prose alone."),
            persona.part(asked, "instruction", task.reason),
            *background,
            *neighbours,
            *([persona.part(lost, "note", "An earlier answer has lost them.")] if keep else []),
            persona.part("The text:\n", "instruction", "The end of the instruction."),
            persona.part(passage.text, "note", "The passage to work on."),
        ],
        max_tokens=max(int(1.5 * target * TOKENS_PER_WORD) + EXTRA_TOKENS, MIN_ANSWER_TOKENS),
        temperature=INITIAL_TEMPERATURE,
    )
