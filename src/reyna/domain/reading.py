"""What comes in from outside, read into nouns, or refused in words that name the field."""

import re
from typing import Final, Protocol, TypeVar

import msgspec

from reyna.domain.errors import Invalid

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
PLACE: Final = re.compile(r"(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?", re.DOTALL)
FIELD: Final = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<field>.*)`", re.DOTALL)
STEP: Final = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")


class Decoder(Protocol[T_co]):
    def decode(self, buf: bytes | str, /) -> T_co: ...


def read(decoder: Decoder[T], body: bytes | str) -> T:
    """The body as the decoder's type. Raises Invalid for what is not JSON or does not fit, naming the place."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise malformed(error) from error


def malformed(error: Exception) -> Invalid:
    if isinstance(error, RecursionError):
        return Invalid("The JSON is nested too deep.")
    if isinstance(error, UnicodeError):
        return Invalid("The text is not UTF-8.")
    reason = str(error)
    if reason == "Input data was truncated":  # what msgspec says of an unfinished document and of half a surrogate pair
        reason = "it ends too early, or holds half of a surrogate pair"
    return Invalid(f"This is not JSON: {reason}")


def pointer(*steps: str) -> str:
    """The JSON Pointer (RFC 6901) of these steps."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def misfit(message: str) -> Invalid:
    """The refusal for a msgspec validation message such as "Expected `int`, got `str` - at `$.limit`"."""
    found = PLACE.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    steps = [name or place for name, place in STEP.findall(path) if place != "..."]  # some value of a mapping
    if field := FIELD.fullmatch(what):
        words = "is required" if field["how"] == "missing required" else "is not known here"
        return Invalid.at(pointer(*steps, field["field"]), words)
    expected = re.match(r"Expected (.*?)(?:, got .*)?$", what)
    return Invalid.at(pointer(*steps), what[:1].lower() + what[1:], expected=expected[1] if expected else None)
