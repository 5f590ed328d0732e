"""The prompts of text expansion: a passage rewritten at length, and a text continued."""

from typing import Final

import msgspec

from reyna.library.text_expansion.passages import Passage
from reyna.sdk import Prompt

TOKENS_PER_WORD: Final = 2.0  # generous, since an answer is cut as it comes: English has 1.3, German 2
EXTRA_TOKENS: Final = 16
MIN_CONTINUATION_TOKENS: Final = 48
MAX_CONTINUATION_TOKENS: Final = 160
INITIAL_TEMPERATURE: Final = 0.6
RETRY_TEMPERATURE: Final = 0.9  # of a repeated prompt, so that its answer is another one


class Persona(msgspec.Struct, frozen=True):
    """The role that the model plays (`a novelist`), and the language that it writes in, if that is known."""

    role: str
    language: str | None = None

    def system_prompt(self, task: str) -> str:
        language = f" You write in {self.language}." if self.language not in (None, "English") else ""
        return f"You are {self.role}. {task}{language}"


def rewriting_prompt(persona: Persona, passage: Passage, *, target_words: float, max_words: float) -> Prompt:
    """Returns the prompt for the whole passage at length."""
    neighbours = "".join(
        f"{where} it stands, and is told elsewhere: {text}\n\n"
        for where, text in (("Before", passage.before), ("After", passage.after))
        if text
    )
    return Prompt(
        system=persona.system_prompt("You turn short notes into longer prose. You answer with the prose alone."),
        user=f"Write the text below at length, in about {target_words:.0f} words. Keep its meaning, facts, names, "
        f"order, narrator and language, and invent no new events; add detail to what is there.\n\n{neighbours}"
        f"The text:\n{passage.text}",
        max_tokens=_max_tokens(max_words),
        temperature=INITIAL_TEMPERATURE,
    )


def continuation_prompt(persona: Persona, text: str, *, missing_words: float, again: bool) -> Prompt:
    """Returns the prompt to continue the text by about so many words; `again` asks for another answer."""
    return Prompt(
        system=persona.system_prompt("You continue the text you are given."),
        user=f"Continue this text with more detail:\n\n{text}",
        max_tokens=min(max(_max_tokens(missing_words), MIN_CONTINUATION_TOKENS), MAX_CONTINUATION_TOKENS),
        temperature=RETRY_TEMPERATURE if again else INITIAL_TEMPERATURE,
    )


def _max_tokens(words: float) -> int:
    return int(words * TOKENS_PER_WORD) + EXTRA_TOKENS
