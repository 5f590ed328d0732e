"""One page of a pitch: what stands on it, in its order."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from reyna.library.book_compiler.text.blocks import TextDirection
from reyna.library.book_compiler.text.direction import direction_of_text
from reyna.library.pitch.markdown import MAX_ITEMS_ON_ONE_PAGE, ONE_PAGE, TO_BE_CHECKED, headings_of

NAMES: Final = {"suggested_comparables": ("work", "reason"), "characters": ("name", "description")}


class PageItem(msgspec.Struct, frozen=True):
    """One line of a list: its name in bold, if it has one, and its text."""

    name: str
    text: str


class PageSection(msgspec.Struct, frozen=True):
    """A part of the page under its heading: paragraphs or a list. `remark` stands behind the heading."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[PageItem, ...] = ()
    remark: str = ""


class PitchPage(msgspec.Struct, frozen=True):
    """The page as a whole."""

    title: str
    genre: str
    logline: str
    sections: tuple[PageSection, ...]
    direction: TextDirection


def build_page(pitch: Mapping[str, Any]) -> PitchPage:
    """Returns the logline, the short synopsis, the audience and three items of each list, as far as they are there.

    Comparable works that nobody has checked are marked.
    """
    headings = headings_of(pitch)
    sections = tuple(_section(headings[name], name, pitch[name]) for name in ONE_PAGE if pitch.get(name))
    title, logline = _line(pitch["title"]), _line(pitch.get("logline", ""))
    return PitchPage(
        title, _line(pitch.get("genre", "")), logline, sections, direction_of_text(logline or title, "ltr")
    )


def _section(heading: str, name: str, value: Any) -> PageSection:
    if isinstance(value, str):
        return PageSection(heading, paragraphs=tuple(_line(part) for part in value.split("\n\n") if part.strip()))
    shown = value[:MAX_ITEMS_ON_ONE_PAGE]
    is_unchecked = name == "suggested_comparables" and any(not item.get("checked") for item in shown)
    return PageSection(
        heading, items=tuple(_item(name, item) for item in shown), remark=TO_BE_CHECKED if is_unchecked else ""
    )


def _item(name: str, item: Any) -> PageItem:
    if isinstance(item, str):
        return PageItem("", _line(item))
    title, text = NAMES[name]
    return PageItem(_line(item[title]), _line(item.get(text, "")))


def _line(text: str) -> str:
    """Returns the text in one line."""
    return " ".join(text.split())
