"""The rules for the demonstration model: how much it is given, and which of its sentences never reach the writer.

It has 135 million parameters. It goes on with a sentence, and it does not know what it does: it speaks about the text,
and makes up people.
"""

import re
from collections.abc import Callable
from typing import Final

from reyna.domain.text.languages import detect_language
from reyna.domain.text.words import word_count
from reyna.library.fidelity.checks import new_names_in
from reyna.library.fidelity.numbers import find_numbers
from reyna.sdk import Refuse

BUDGET_SECONDS: Final = 60.0  # of one run
WORDS_PER_SECOND: Final = 4.0  # of finished prose on a busy machine with two cores; on an idle one, five times as many
INSTEAD: Final = "Shorten the note, or connect a language model: `reyna model use`, or set REYNA_LLM_URL."
TALK: Final = re.compile(
    r"^\W*(?:here(?:['\u2019]s| is| are)\b"
    r"|in (?:this|the) (?:original|retelling|rewriting|story|scene|version|passage|example)"
    r"|note that\b|remember\b|imagine\b|overall\b|in (?:conclusion|summary|short)\b|to (?:summari[sz]e|conclude)\b"
    r"|for example\b|for instance\b|as a (?:writer|reader|result of this)|this (?:is|was) (?:a|an|the) (?:story|scene|"
    r"sentence|passage|text|description|example))"
    r"|\b(?:in the context of|classic example|(?:a|is) testament to|deeper (?:layer|meaning|understanding)|the human "
    r"(?:spirit|condition|experience|tragedy|emotional)|verbs?|nouns?|adjectives?|adverbs?|pronouns?|grammar|punctuation|incorrect|retelling|paraphras\w+|synonym\w*"
    r"|plot|protagonist|main character|characters? (?:is|are|was|were)|the (?:scene|story|poem|novel|chapter|book|film|"
    r"movie|play) (?:begins?|opens?|starts?|ends?|is|was|tells?|shows?|describes?|depicts?|follows?|takes? place|"
    r"unfolds?)|the reader|the author|the speaker|suggest(?:s|ing) that|symboli[sz]\w*|represents?)\b",
    re.IGNORECASE,
)

IsUnfit = Callable[[str], bool]


def check_budget(source: str, ratio: float) -> None:
    """Raises Refuse at once for a note that takes longer than the budget of a run."""
    words, most = word_count(source), max_words(ratio)
    if words > most:
        raise Refuse(
            f"The language model that comes with the studio is a demonstration and has {BUDGET_SECONDS:.0f} seconds "
            f"for a note, which is enough for about {most} words at this length; this note has {words:,}. {INSTEAD}"
        )


def max_words(ratio: float) -> int:
    """Returns how many words of a note the demonstration model makes so many times as long within its budget."""
    return int(BUDGET_SECONDS * WORDS_PER_SECOND / max(ratio - 1, 1))


def too_slow() -> Refuse:
    """Returns the refusal of a run that did not get to its length in time."""
    return Refuse(
        f"The language model that comes with the studio is a demonstration and has {BUDGET_SECONDS:.0f} seconds for a "
        f"note; on this machine, that was not enough for this one. {INSTEAD}"
    )


def unfit_sentences(source: str) -> IsUnfit:
    """Returns a rule that is True for a sentence which talks about the text, or has a new name or number."""
    language = detect_language(source) or "English"
    lowered = source.lower()
    numbers = {number.text for number in find_numbers(source, language)}

    def is_unfit(sentence: str) -> bool:
        talk = TALK.search(sentence)
        if talk is not None and talk[0].strip().lower() not in lowered:
            return True
        if any(number.text not in numbers for number in find_numbers(sentence, language)):
            return True
        return bool(new_names_in(sentence, [source], language))

    return is_unfit


def is_never_unfit(sentence: str) -> bool:
    """Returns False: the rule for every other model, whose new names are marked instead."""
    return False
