"""Answers of the model: the text of a part without what models say around it."""

import re
from typing import Any, Final

THINKING: Final = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
FENCE: Final = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
HEADING: Final = re.compile(r"\A\s*(?:#{1,6}\s+[^\n]*|\*\*[^*\n]{1,60}\*\*:?\s*)(?:\n+|\Z)")
PREAMBLE: Final = re.compile(
    r"\A\s*(?:(?:sure|certainly|of course|absolutely|okay|gladly)\b[^.!:\n]{0,80}[.!:,]\s*)?"
    r"(?:(?:(?:here|below)(?:'s| is| are)|this is)\b[^.!?\n]{0,120}:\s*)?"
    r"(?:(?:logline|synopsis|short synopsis|audience|query letter|abstract|treatment)\s*:\s*)?",
    re.IGNORECASE,
)
AFTERWORD: Final = re.compile(
    r"^\s*\(?(?:word count|words?:|let me know\b|i hope (?:this|that)\b|feel free\b|note:|would you like\b).*\Z",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
QUOTES: Final = (('"', '"'), ("\u201c", "\u201d"), ("\u201e", "\u201c"), ("\u00ab", "\u00bb"))


def clean_text(answer: str) -> str:
    """Returns the text of an answer, without thinking, headings, preamble, afterword and quotes around all of it."""
    text = FENCE.sub("", THINKING.sub("", answer)).strip()
    text = PREAMBLE.sub("", HEADING.sub("", text), count=1)
    text = AFTERWORD.sub("", HEADING.sub("", text)).strip()
    for before, after in QUOTES:
        inner = text[len(before) : -len(after)]
        if len(text) > 2 and text.startswith(before) and text.endswith(after) and before not in inner:
            text = inner.strip()
    return re.sub(r"\n{3,}", "\n\n", text)


def list_schema(fields: tuple[str, ...], *, min_items: int, max_items: int) -> dict[str, Any]:
    """Returns the JSON Schema of the answer with a list."""
    item: dict[str, Any] = {
        "type": "object",
        "properties": {field: {"type": "string", "minLength": 1, "maxLength": 2_000} for field in fields},
        "required": list(fields),
        "additionalProperties": False,
    }
    items = {"type": "array", "items": item, "minItems": min_items, "maxItems": max_items}
    return {"type": "object", "properties": {"items": items}, "required": ["items"], "additionalProperties": False}


def unique_items(items: list[dict[str, str]], by: str) -> list[dict[str, str]]:
    """Returns the items in order, each name once."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        found.setdefault(item[by].strip().casefold(), {field: text.strip() for field, text in item.items()})
    return [item for name, item in found.items() if name]
