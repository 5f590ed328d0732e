"""A pitch as Markdown: whole, or what goes on one page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

TO_BE_CHECKED: Final = "suggested by the model, to be checked"
HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "book": {
        "synopsis_short": "In short",
        "synopsis": "Synopsis",
        "synopsis_long": "Detailed synopsis",
        "audience": "Readers",
        "suggested_comparables": "Comparable titles",
        "characters": "Characters",
        "selling_points": "Why publish it",
        "query_letter": "Query letter",
    },
    "film": {"synopsis_long": "Treatment", "audience": "Audience", "selling_points": "Why produce it",
             "query_letter": "Letter to a producer"},
    "album": {"synopsis": "Concept", "synopsis_long": "Press text", "audience": "Listeners",
              "selling_points": "Why release it", "query_letter": "Letter to a label"},
    "research-grant": {"synopsis_short": "Lay summary", "synopsis": "Abstract", "synopsis_long": "Project description",
                       "audience": "Who benefits", "suggested_comparables": "Related work",
                       "selling_points": "Expected results", "query_letter": "Covering letter"},
}  # fmt: skip
ONE_PAGE: Final = ("synopsis_short", "audience", "suggested_comparables", "characters", "selling_points")
MAX_ITEMS_ON_ONE_PAGE: Final = 3


def pitch_markdown(pitch: Mapping[str, Any], *, one_page: bool = False) -> str:
    """Returns the data of a `pitch-v1` as Markdown (CommonMark), with a single heading of the first level.

    With `one_page`, the logline, the short synopsis, the audience and three items of each list. Comparable works that
    nobody has checked are marked as the model's suggestion.
    """
    headings = headings_of(pitch)
    blocks = [f"# {_line(pitch['title'])}"]
    if genre := pitch.get("genre"):
        blocks.append(_line(genre))
    if logline := pitch.get("logline"):
        blocks.append(f"*{_line(logline)}*")
    names = ONE_PAGE if one_page else tuple(HEADINGS["book"])
    for name in names:
        if pitch.get(name):
            blocks += _section(headings[name], name, pitch[name], one_page=one_page)
    if not one_page:
        blocks += _other_sections(pitch)
    return "\n\n".join(blocks) + "\n"


def headings_of(pitch: Mapping[str, Any]) -> dict[str, str]:
    """Returns the headings of the parts, in the words of the pitch's variant."""
    return {**HEADINGS["book"], **HEADINGS.get(pitch.get("variant", "book"), {})}


def _section(heading: str, name: str, value: Any, *, one_page: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield f"## {heading}"
        yield value.strip()
        return
    unchecked = name == "suggested_comparables" and any(not item.get("checked") for item in value)
    yield f"## {heading} ({TO_BE_CHECKED})" if unchecked else f"## {heading}"
    shown = value[:MAX_ITEMS_ON_ONE_PAGE] if one_page else value
    yield "\n".join(f"- {ITEMS.get(name, _line)(item)}" for item in shown)


def _comparable(item: Mapping[str, Any]) -> str:
    mark = "" if item.get("checked") else " *(to be checked)*"
    reason = f": {_line(item['reason'])}" if item.get("reason") else ""
    return f"**{_line(item['work'])}**{mark}{reason}"


def _character(item: Mapping[str, Any]) -> str:
    description = f": {_line(item['description'])}" if item.get("description") else ""
    return f"**{_line(item['name'])}**{description}"


ITEMS: Final[Mapping[str, Callable[[Any], str]]] = {"suggested_comparables": _comparable, "characters": _character}


def _other_sections(pitch: Mapping[str, Any]) -> Iterator[str]:
    """Yields the parts that people write themselves."""
    if hook := pitch.get("hook"):
        yield from ("## Hook", hook.strip())
    if works := pitch.get("comparables"):
        yield from ("## Comparable works", "\n".join(f"- {_line(work)}" for work in works))
    if note := pitch.get("author_note"):
        yield from ("## About the author", note.strip())
    for section in pitch.get("sections", ()):
        yield from (f"## {_line(section['heading'])}", section["content"].strip())


def _line(text: str) -> str:
    """Returns the text in one line."""
    return " ".join(text.split())
