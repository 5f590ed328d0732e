"""Decoding of JSON from outside into structs, with refusals that name the field."""

import re
from typing import Final, Protocol, TypeVar

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.json.numbers import Inexact, check_numbers

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
MESSAGE: Final = re.compile(r"(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?", re.DOTALL)
FIELD: Final = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<field>.*)`", re.DOTALL)
PATH_STEP: Final = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")


class Decoder(Protocol[T_co]):
    def decode(self, buf: bytes | str, /) -> T_co: ...


def decode_json(decoder: Decoder[T], body: bytes | str) -> T:
    """Returns the body as the decoder's type.

    Raises Invalid, which names the field, for what is not JSON or does not fit, and for a number that would be changed.
    """
    try:
        found = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise mismatch(str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise syntax_error(error) from error
    try:
        check_numbers(body)
    except Inexact as inexact:
        raise mismatch(str(inexact)) from None
    return found


def syntax_error(error: Exception) -> Invalid:
    """Returns the refusal of text that is not JSON."""
    if isinstance(error, RecursionError):
        return Invalid("The JSON is nested too deep.")
    if isinstance(error, UnicodeError):
        return Invalid("The text is not UTF-8.")
    reason = str(error)
    if reason == "Input data was truncated":  # an unfinished document, or half a surrogate pair
        reason = "it ends too early, or holds half of a surrogate pair"
    return Invalid(f"This is not JSON: {reason}")


def pointer(*steps: str) -> str:
    """Returns the JSON Pointer (RFC 6901) of these steps."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def mismatch(message: str) -> Invalid:
    """Returns the refusal for a msgspec validation message such as "Expected `int`, got `str` - at `$.limit`"."""
    found = MESSAGE.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    steps = [name or place for name, place in PATH_STEP.findall(path) if place != "..."]  # the key of a mapping
    if field := FIELD.fullmatch(what):
        words = "is required" if field["how"] == "missing required" else "is not known here"
        return Invalid.at(pointer(*steps, field["field"]), words)
    expected = re.match(r"Expected (.*?)(?:, got .*)?$", what)
    return Invalid.at(pointer(*steps), what[:1].lower() + what[1:], expected=expected[1] if expected else None)
