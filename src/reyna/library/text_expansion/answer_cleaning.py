"""Cleaning of a model's answer: removes everything that is not prose."""

import re
from typing import Final

from reyna.domain.text.sentences import is_finished, split_sentences

THINKING: Final = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
TAGS: Final = re.compile(r"<\|[^|<>]{1,40}\|>")
FENCE: Final = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
HEADING: Final = re.compile(r"^\s{0,3}#{1,6}\s+.*$|^\s*\*\*[^*\n]{1,80}\*\*:?\s*$|^\s*(?:[-*_]\s*){3,}$", re.MULTILINE)
BULLET: Final = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+", re.MULTILINE)
EMPHASIS: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1|(?<!\w)([*_])(?=\S)([^*_\n]+?)(?<=\S)\3(?!\w)")
PREAMBLE: Final = re.compile(
    r"^\s*(?:(?:sure|certainly|of course|absolutely|okay|gladly|gerne|natürlich|voici|claro)\b[^.!:\n]{0,80}[.!:,]\s*"
    r"|(?:(?:here|below)(?:'s| is| are)|this is|hier ist|hier sind|the following)\b[^.!\n]{0,120}:\s*"
    r"|(?:expanded|longer|revised|rewritten|detailed|original|new)\s+(?:text|version|passage|prose|note)s?\s*:\s*"
    r"|(?:text|story|passage|prose|answer|output|assistant)\s*:\s*)+",
    re.IGNORECASE,
)
AFTERWORD: Final = re.compile(
    r"^(?:\(?(?:word count|words)\b.*|(?:please )?let me know\b.*|(?:i )?hope (?:this|that)\b.*|feel free\b.*"
    r"|note:.*|\*?note that\b.*|would you like\b.*|if you(?:'d| would) like\b.*)$",
    re.IGNORECASE,
)
QUOTE_PAIRS: Final = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("'", "'"))
MIN_PREAMBLE_CHARACTERS: Final = 24  # of an answer, before which any beginning may be a preamble


def clean_answer(answer: str) -> str:
    """Returns the prose of an answer, in its paragraphs.

    Removes thinking, tags, fences, preamble, headings, bullets, emphasis, afterword, and quotes around all of it.
    """
    text = FENCE.sub("", TAGS.sub("", THINKING.sub("", answer)))
    text = EMPHASIS.sub(lambda found: found[2] or found[4], BULLET.sub("", HEADING.sub("", text)))
    text = remove_afterword(PREAMBLE.sub("", text, count=1).strip())
    return re.sub(r"\n{3,}", "\n\n", remove_outer_quotes(text)).strip()


def remove_outer_quotes(text: str) -> str:
    """Removes quotes around the whole text; quotes inside stay."""
    for before, after in QUOTE_PAIRS:
        inner = text[len(before) : -len(after)]
        if len(text) > 2 and text.startswith(before) and text.endswith(after) and before not in inner:
            return inner.strip()
    return text


def remove_afterword(text: str) -> str:
    """Removes closing lines that speak to the user."""
    lines = text.rstrip().splitlines()
    while len(lines) > 1 and (not lines[-1].strip() or AFTERWORD.match(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines)


def remove_unfinished_end(text: str) -> str:
    """Returns the text up to the end of its last whole sentence; all of it when there is none."""
    lines = text.rstrip().splitlines()
    while lines:
        whole = split_sentences(lines[-1])
        if whole and not is_finished(whole[-1]):
            whole.pop()
        if whole:
            return "\n".join([*lines[:-1], " ".join(whole)])
        lines.pop()
    return text.strip()


def may_be_preamble(beginning: str) -> bool:
    """Returns True while the beginning of an answer could turn out to be a preamble, and should not be shown yet."""
    return len(beginning) < MIN_PREAMBLE_CHARACTERS or (
        PREAMBLE.match(beginning + ":") is not None and "\n" not in beginning
    )
