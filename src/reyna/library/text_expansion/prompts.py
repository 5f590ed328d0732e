"""The prompts of text expansion: a passage rewritten at length, and a text continued."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from reyna.library.text_expansion.passages import Passage
from reyna.sdk import Prompt, PromptPart

TOKENS_PER_WORD: Final = 2.0  # generous, since an answer is cut as it comes: English has 1.3, German 2
EXTRA_TOKENS: Final = 16
MIN_CONTINUATION_TOKENS: Final = 48
MAX_CONTINUATION_TOKENS: Final = 160
INITIAL_TEMPERATURE: Final = 0.6
RETRY_TEMPERATURE: Final = 0.9  # of a repeated prompt, so that its answer is another one


class Persona(msgspec.Struct, frozen=True):
    """The role that the model plays (`a novelist`) with the `guidance` of its style, and the language that it writes
    in, if that is known, and where both are from; `blob_id` is that of the note.

    `voice` is the point of view and the tense of the note, and `instruction` what the writer has to say beside a style.
    """

    role: str
    language: str | None = None
    role_source: Literal["style of the note", "style setting"] = "style setting"
    language_source: Literal["language of the note", "language setting"] = "language of the note"
    blob_id: str | None = None
    guidance: str = ""
    voice: str = ""
    instruction: str = ""

    def system_parts(self, task: str) -> list[PromptPart]:
        role = f"You are {self.role}. "
        parts = [
            self.part(role, self.role_source, "The style decides who writes.", is_system=True),
            self.part(task, "instruction", "The task of the model.", is_system=True),
        ]
        if self.language not in (None, "English"):
            language = f" You write in {self.language}."
            parts.append(self.part(language, self.language_source, "It stays in this language.", is_system=True))
        if self.guidance:
            parts.append(self.part(f" {self.guidance}", self.role_source, "The style in words.", is_system=True))
        if self.voice:
            voice = f" The text is told in the {self.voice.replace(', ', ' and the ')}; keep that."
            parts.append(self.part(voice, "note", "Point of view and tense stay as they are.", is_system=True))
        if self.instruction:
            asked = f" {self.instruction}"
            parts.append(self.part(asked, "instruction setting", "It was asked for in the settings.", is_system=True))
        return parts

    def part(self, text: str, source: str, reason: str, *, is_system: bool = False) -> PromptPart:
        """Returns a part, with the id of the note when it is from there."""
        blob_id = self.blob_id if source.endswith("note") else None
        return PromptPart(
            text=text, source=source, reason=reason, role="system" if is_system else "user", blob_id=blob_id
        )


def rewriting_prompt(
    persona: Persona,
    passage: Passage,
    *,
    target_words: float,
    max_words: float,
    background: Sequence[PromptPart] = (),
    keep: Sequence[str] = (),
) -> Prompt:
    """Returns the prompt for the whole passage at length. `background` comes before it; `keep` are words that an
    earlier answer has lost."""
    neighbours = [
        persona.part(f"{where} it stands, and is told elsewhere: {text}\n\n", "note", "So that nothing is told twice.")
        for where, text in (("Before", passage.before), ("After", passage.after))
        if text
    ]
    instruction = (
        f"Write the text below at length, in about {target_words:.0f} words. Keep its meaning, facts, names, "
        "numbers, quotations, order, narrator, tense and language, and invent no new events, people or places; add "
        "detail to what is there.\n\n"
    )
    return Prompt.of_parts(
        [
            *persona.system_parts("You turn short notes into longer prose. You answer with the prose alone."),
            persona.part(instruction, "instruction", "The length follows from the setting `ratio`."),
            *background,
            *neighbours,
            *_kept_words(persona, keep),
            persona.part("The text:\n", "instruction", "The end of the instruction."),
            persona.part(passage.text, "note", "The passage to write at length."),
        ],
        max_tokens=_max_tokens(max_words),
        temperature=INITIAL_TEMPERATURE,
    )


def continuation_prompt(persona: Persona, text: str, *, missing_words: float, again: bool) -> Prompt:
    """Returns the prompt to continue the text by about so many words; `again` asks for another answer."""
    return Prompt.of_parts(
        [
            *persona.system_parts("You continue the text you are given."),
            persona.part("Continue this text with more detail:\n\n", "instruction", "The task of the model."),
            persona.part(text, "note", "The last sentences of the note, with what was written after them."),
        ],
        max_tokens=min(max(_max_tokens(missing_words), MIN_CONTINUATION_TOKENS), MAX_CONTINUATION_TOKENS),
        temperature=RETRY_TEMPERATURE if again else INITIAL_TEMPERATURE,
    )


def _kept_words(persona: Persona, keep: Sequence[str]) -> list[PromptPart]:
    if not keep:
        return []
    words = "These stand in the text, and must stand in your prose exactly as they are: " + "; ".join(keep) + "\n\n"
    return [persona.part(words, "note", "An earlier answer has lost them.")]


def _max_tokens(words: float) -> int:
    return int(words * TOKENS_PER_WORD) + EXTRA_TOKENS
