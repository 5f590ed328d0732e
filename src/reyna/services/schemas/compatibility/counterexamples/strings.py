"""Generates text that matches patterns, formats and lengths."""

import random
from re import _parser  # type: ignore[attr-defined, unused-ignore]  # Python has no public parser of patterns
from typing import Any, Final

from reyna.services.schemas.compatibility.schema_side import OLDER_HOSTNAME

MAX_TEXT_CHARACTERS: Final = 1_100_000  # system schemas allow up to a million
EXTRA_REPETITIONS: Final = (0, 1, 3, 12)  # beyond the minimum
VALID_FORMAT_TEXTS: Final = {
    "date-time": "2026-03-01T12:00:00Z",
    "date": "2026-03-01",
    "time": "12:00:00Z",
    "duration": "PT4M",
    "email": "ana@example.org",
    "idn-email": "ana@example.org",
    "hostname": "example.org",
    "idn-hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/a",
    "uri-reference": "/a",
    "iri": "https://example.org/ä",
    "iri-reference": "/ä",
    "uuid": "0190f3a2-7c1e-7b4e-8d2a-5f6b7c8d9e0f",
    "uri-template": "/a/{b}",
    "json-pointer": "/a/0",
    "relative-json-pointer": "1/a",
    "regex": "^a+$",
    OLDER_HOSTNAME: "xn--X",
}
CONTENT_TEXTS: Final = ("{}", "e30=", "MQ=")  # JSON, JSON in base64, and neither
CATEGORY_CHARACTERS: Final = {
    "DIGIT": "7",
    "WORD": "w",
    "SPACE": " ",
    "NOT_DIGIT": "x",
    "NOT_WORD": "-",
    "NOT_SPACE": "x",
}


def matching_text(pattern: str, rng: random.Random) -> str | None:
    """Returns a text that the pattern probably matches, or None when the pattern cannot be parsed here."""
    try:
        return "".join(_text_of(piece, rng) for piece in _parser.parse(pattern.replace(r"\z", r"\Z")))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, _parser.error):
        return None


def texts_around(pattern: str, rng: random.Random) -> list[str]:
    """Returns texts that the pattern probably matches, and some with a character before or after."""
    found = [text for _ in range(4) if (text := matching_text(pattern, rng)) is not None]
    return [*found, *(f"a{text}" for text in found[:1]), *(f"{text}a" for text in found[:1])]


def _text_of(piece: Any, rng: random.Random) -> str:
    name, what = str(piece[0]), piece[1]
    match name:
        case "LITERAL":
            return chr(what)
        case "NOT_LITERAL":
            return "x" if what != ord("x") else "y"
        case "ANY":
            return rng.choice("ab x")
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return ""
        case "IN":
            return _character_in(what, rng)
        case "BRANCH":
            return "".join(_text_of(each, rng) for each in rng.choice(what[1]))
        case "SUBPATTERN":
            return "".join(_text_of(each, rng) for each in what[-1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = what
            times = min(int(most), least + rng.choice(EXTRA_REPETITIONS))
            return "".join(_text_of(each, rng) for _ in range(min(times, MAX_TEXT_CHARACTERS)) for each in inner)
    raise ValueError(name)


def _character_in(what: Any, rng: random.Random) -> str:
    if str(what[0][0]) == "NEGATE":
        refused = {chr(each[1]) for each in what[1:] if str(each[0]) == "LITERAL"}
        return rng.choice([letter for letter in "xyZ3- é" if letter not in refused] or ["\u2603"])
    name, each = rng.choice(what)
    if str(name) == "RANGE":
        return chr(rng.randint(*each))
    return CATEGORY_CHARACTERS[str(each).removeprefix("CATEGORY_")] if str(name) == "CATEGORY" else chr(each)
