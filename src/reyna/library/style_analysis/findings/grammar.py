"""Grammar hints for English by Harper, an offline grammar checker."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Lock
from typing import Final

from harper import Dialect, Language, Lint, Linter

from reyna.domain.text.words import Span
from reyna.library.style_analysis.findings.finding import StyleFinding
from reyna.library.style_analysis.languages.profile import word_set

CHUNK_CHARACTERS: Final = 20_000  # of one call, after which progress is reported
MAX_SUGGESTIONS: Final = 3
SPELLING: Final = "Spelling"
# A matter of taste, or wrong too often in fiction: “She hid.” is no fault of agreement.
LEFT_OUT: Final = frozenset(
    {"Agreement", "Capitalization", "Enhancement", "Formatting", "Readability", "Style", "WordChoice"}
)
BRITISH_WORDS: Final = word_set(
    "colour colours harbour harbours grey favour neighbour neighbours honour labour centre theatre travelled "
    "realised realise towards whilst mum"
)
AMERICAN_WORDS: Final = word_set(
    "color colors harbor harbors gray favor neighbor neighbors honor labor center theater traveled realized realize "
    "toward mom"
)
REGIONAL_WORD: Final = re.compile(rf"\b(?:{'|'.join(sorted(BRITISH_WORDS | AMERICAN_WORDS))})\b", re.IGNORECASE)
LINTER_LOCK: Final = Lock()  # a linter is used by one thread at a time


def find_grammar(text: str, report: Callable[[float], None] = lambda fraction: None) -> Iterator[StyleFinding]:
    """Yields what Harper finds, paragraph by paragraph.

    A word with a capital that it does not know is taken for a name, and hints on style are left out. `report` is called
    with the fraction that is read.
    """
    dialect = Dialect.BRITISH if _is_british(text) else Dialect.AMERICAN
    for start, end in _chunks(text):
        with LINTER_LOCK:
            lints = _linter(dialect).lint(text[start:end], language=Language.MARKDOWN)
        for lint in lints:
            if not _is_left_out(lint):
                yield _finding_of(lint, start)
        report(end / len(text))


def _is_british(text: str) -> bool:
    """Returns True for a text with more words in the British spelling than in the American one."""
    spellings = [word.lower() for word in REGIONAL_WORD.findall(text)]
    british = sum(word in BRITISH_WORDS for word in spellings)
    return british > len(spellings) - british


def _is_left_out(lint: Lint) -> bool:
    return lint.lint_kind in LEFT_OUT or (lint.lint_kind == SPELLING and not lint.problem_text.islower())


def _finding_of(lint: Lint, offset: int) -> StyleFinding:
    replacements = dict.fromkeys(one.replacement_text for one in lint.suggestions if one.replacement_text)
    return StyleFinding(
        kind="grammar",
        start=offset + lint.span.start,
        end=offset + lint.span.end,
        message=lint.message.replace("`", ""),
        suggestions=tuple(replacements)[:MAX_SUGGESTIONS],
        made_by="harper",
    )


def _chunks(text: str) -> Iterator[Span]:
    """Yields the whole text in parts that end with a line, or at a space where a line is longer."""
    start = 0
    while start < len(text):
        end = min(start + CHUNK_CHARACTERS, len(text))
        if end < len(text):
            cut = max(text.rfind("\n", start, end), 0) or text.rfind(" ", start, end)
            end = cut + 1 if cut > start else end
        yield start, end
        start = end


@lru_cache(maxsize=2)
def _linter(dialect: Dialect) -> Linter:
    return Linter(dialect)
