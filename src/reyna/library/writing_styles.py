"""Writing styles: the role and the guidance that a language model gets for each."""

from typing import Final

import msgspec

from reyna.domain.text.clusters import truncate

MAX_STYLE_CHARACTERS: Final = 40


class WritingStyle(msgspec.Struct, frozen=True):
    """`role` is who writes (`a novelist`); `guidance` says in a sentence or two what that means for the prose."""

    role: str
    guidance: str = ""


WRITING_STYLES: Final = {
    "creative": WritingStyle(
        "a novelist", "Show what can be seen, heard and felt, in concrete nouns and strong verbs; explain little."
    ),
    "vivid": WritingStyle(
        "a novelist with an eye for sounds, colours and smells", "Every paragraph has a detail for one of the senses."
    ),
    "formal": WritingStyle(
        "a writer of clear, formal reports", "Write whole sentences, without contractions, slang or exclamations."
    ),
    "concise": WritingStyle(
        "a writer of plain, precise prose", "Prefer short sentences and leave out what adds nothing."
    ),
    "journalistic": WritingStyle(
        "a journalist",
        "Write short, factual sentences in the active voice, and attribute what was said; judge nothing.",
    ),
    "academic": WritingStyle(
        "a scholar",
        "Write precisely and impersonally, and connect the steps of the argument. Claim nothing that the text does not "
        "say, and make up no sources.",
    ),
}


def writing_style(style: str) -> WritingStyle:
    """Returns the style of this name, or one for a description in the writer's own words."""
    asked = truncate(style.strip(), MAX_STYLE_CHARACTERS).strip()
    return WRITING_STYLES.get(asked.lower()) or WritingStyle(f"a writer whose style is {asked}")
