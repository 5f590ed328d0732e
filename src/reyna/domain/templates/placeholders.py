"""Placeholders in the texts of a template: `{chapter}`, and `{{` for a brace."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z_]{0,30})\}")
PLACEHOLDER_NAME: Final = re.compile(r"[a-z][a-z_]{0,30}")
TITLE: Final = "title"  # the name that the new bucket is given


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with the values in the place of their names; a name without a value stays as it is."""

    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        return found[0][0] if name is None else values.get(name, found[0])

    return PLACEHOLDER.sub(value_of, text) if "{" in text or "}" in text else text


def fill_data(data: Any, values: Mapping[str, str]) -> Any:
    """Returns JSON data with the values in all of its texts; keys stay as they are."""
    if isinstance(data, str):
        return fill_text(data, values)
    if isinstance(data, list | tuple):
        return [fill_data(item, values) for item in data]
    return {key: fill_data(item, values) for key, item in data.items()} if isinstance(data, dict) else data


def fill_metadata(data: Any, values: Mapping[str, str], numbers: Mapping[str, int]) -> Any:
    """Returns metadata with the values in all of its texts; a text that is a number's name alone becomes the number."""
    if isinstance(data, str):
        whole = PLACEHOLDER.fullmatch(data)
        number = None if whole is None else numbers.get(whole[1] or "")
        return fill_text(data, values) if number is None else number
    if isinstance(data, list | tuple):
        return [fill_metadata(item, values, numbers) for item in data]
    if isinstance(data, dict):
        return {key: fill_metadata(item, values, numbers) for key, item in data.items()}
    return data


def escape_text(text: str) -> str:
    """Returns the text of a template that `fill_text` gives back as this text."""
    return text.replace("{", "{{").replace("}", "}}")


def escape_data(data: Any) -> Any:
    """Returns the JSON data of a template that `fill_data` gives back as this data."""
    if isinstance(data, str):
        return escape_text(data)
    if isinstance(data, list | tuple):
        return [escape_data(item) for item in data]
    return {key: escape_data(item) for key, item in data.items()} if isinstance(data, dict) else data


def names_in(data: Any) -> Iterator[str]:
    """Yields the names of the placeholders in all texts of JSON data."""
    if isinstance(data, str):
        yield from (found[1] for found in PLACEHOLDER.finditer(data) if found[1] is not None)
    elif isinstance(data, dict):
        for item in data.values():
            yield from names_in(item)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from names_in(item)
