"""Reads the front matter of Markdown as people and their programs write it: flat YAML.

Anything deeper than a list of values is kept as its text: nothing of it is lost, and no parser of the whole of YAML,
with its aliases and tags, meets what strangers have written.
"""

import re
from typing import Any, Final, NamedTuple

FENCE: Final = re.compile(r"\A---[ \t]*\n(.*?)(?:\n)?^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
FIELD: Final = re.compile(r"([^\s:#][^:\n]*?)\s*:(?:\s+(.*))?")
ITEM: Final = re.compile(r"\s*-\s+(.*)")
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
MAX_FRONT_MATTER_CHARACTERS: Final = 64 * 1024
UNREAD: Final = "front_matter"  # the key of front matter that is kept as text


class FrontMatter(NamedTuple):
    """The fields of a text, and the text behind them; `is_whole` is False where some of it is kept as text."""

    fields: dict[str, Any]
    body: str
    is_whole: bool


def split_front_matter(text: str) -> FrontMatter:
    """Returns the front matter of a text, which may have none."""
    found = FENCE.match(text)
    if found is None:
        return FrontMatter({}, text, True)
    head, body = found[1], text[found.end() :].lstrip("\n")
    if len(head) > MAX_FRONT_MATTER_CHARACTERS:
        return FrontMatter({}, text, False)
    fields = _read_fields(head)
    return FrontMatter({UNREAD: head}, body, False) if fields is None else FrontMatter(fields, body, True)


def texts_in(value: Any) -> list[str]:
    """Returns the texts of a field that may be a list, or words between commas or spaces."""
    if isinstance(value, list):
        return [str(one) for one in value if one is not None]
    return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else []


def _read_fields(head: str) -> dict[str, Any] | None:
    """Returns the fields, or None for what is more than flat."""
    fields: dict[str, Any] = {}
    key: str | None = None
    for line in head.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (item := ITEM.fullmatch(line)) is not None and key is not None and (value := _scalar(item[1])) is not _DEEP:
            fields[key] = [*(fields[key] if isinstance(fields[key], list) else []), value]
            continue
        found = FIELD.fullmatch(line)
        if found is None or found[1].startswith(("- ", "[", "{", "&", "*", "!")):
            return None
        key, value = found[1].strip("\"'"), _value((found[2] or "").strip())
        if value is _DEEP:
            return None
        fields[key] = value
    return fields


class _Deep:
    """Stands for a value that is more than a text, a number or a list of them."""


_DEEP: Final = _Deep()


def _value(text: str) -> Any:
    if not text.startswith("["):
        return _scalar(text)
    if not text.endswith("]"):
        return _DEEP
    inner = text[1:-1].strip()
    values = [_scalar(part.strip()) for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^,]+", inner)] if inner else []
    return _DEEP if _DEEP in values else values


def _scalar(text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace("''", "'") if text[0] == "'" else inner.replace('\\"', '"').replace("\\\\", "\\")
    if text[:1] in ("|", ">", "{", "&", "*", "!", "["):
        return _DEEP
    text = re.sub(r"\s+#.*$", "", text)
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
