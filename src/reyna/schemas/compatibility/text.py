"""Text that fits patterns, formats and lengths, for documents that are made up."""

import random
from re import _parser  # type: ignore[attr-defined, unused-ignore]  # the only reader of patterns that Python has
from typing import Any, Final

from reyna.schemas.compatibility.side import OLDER_HOSTNAME

LONGEST: Final = 1_100_000  # characters; the longest text a blob of ours is asked to hold is a million
REPEATS: Final = (0, 1, 3, 12)  # more than is asked, of what may be repeated
RIGHT: Final = {
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
CONTENT: Final = ("{}", "e30=", "MQ=")  # JSON, the same in base64, and neither
CATEGORIES: Final = {"DIGIT": "7", "WORD": "w", "SPACE": " ", "NOT_DIGIT": "x", "NOT_WORD": "-", "NOT_SPACE": "x"}


def like(pattern: str, chance: random.Random) -> str | None:
    """Some text that the pattern may match; None for a pattern that cannot be read here."""
    try:
        return "".join(_piece(piece, chance) for piece in _parser.parse(pattern.replace(r"\z", r"\Z")))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, _parser.error):
        return None


def around(pattern: str, chance: random.Random) -> list[str]:
    """Some texts that the pattern may match, and some that go on before or after what it asks."""
    found = [text for _ in range(4) if (text := like(pattern, chance)) is not None]
    return [*found, *(f"a{text}" for text in found[:1]), *(f"{text}a" for text in found[:1])]


def _piece(piece: Any, chance: random.Random) -> str:
    name, what = str(piece[0]), piece[1]
    match name:
        case "LITERAL":
            return chr(what)
        case "NOT_LITERAL":
            return "x" if what != ord("x") else "y"
        case "ANY":
            return chance.choice("ab x")
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return ""
        case "IN":
            return _one_of(what, chance)
        case "BRANCH":
            return "".join(_piece(each, chance) for each in chance.choice(what[1]))
        case "SUBPATTERN":
            return "".join(_piece(each, chance) for each in what[-1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = what
            times = min(int(most), least + chance.choice(REPEATS))
            return "".join(_piece(each, chance) for _ in range(min(times, LONGEST)) for each in inner)
    raise ValueError(name)


def _one_of(what: Any, chance: random.Random) -> str:
    if str(what[0][0]) == "NEGATE":
        refused = {chr(each[1]) for each in what[1:] if str(each[0]) == "LITERAL"}
        return chance.choice([letter for letter in "xyZ3- é" if letter not in refused] or ["\u2603"])
    name, each = chance.choice(what)
    if str(name) == "RANGE":
        return chr(chance.randint(*each))
    return CATEGORIES[str(each).removeprefix("CATEGORY_")] if str(name) == "CATEGORY" else chr(each)
