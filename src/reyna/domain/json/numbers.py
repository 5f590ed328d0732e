"""The check that a number in JSON keeps every digit as a double, so that none is changed in silence."""

import re
from typing import Any, Final

import msgspec

INEXACT: Final = "is a number that cannot be kept digit by digit; write it as text"
SURE_CHARACTERS: Final = 16  # with a point among them: any fifteen digits are kept
MAX_LONG_NUMBERS: Final = 20_000  # written in another way than the shortest, in one body; some 50 ms
MAX_SHOWN_CHARACTERS: Final = 40
MAX_LOCATED_BYTES: Final = 1_000_000  # of a body in which the place of a number is looked for
# Maps digits and points to 0, so that a long number is a row of zeros, and an exponent follows one.
FORM: Final = bytes.maketrans(b"123456789.E", b"0000000000e")
LONG_DIGITS: Final = b"0" * (SURE_CHARACTERS + 1)
EXPONENT: Final = re.compile(rb"0e[-+0]")  # an id in a text has a digit and an `e` in one of three
DOUBTFUL: Final = re.compile(rb"-?(?:[0-9]+\.?[0-9]*[eE][-+]?[0-9]+|[0-9]+\.[0-9]+)")


def exact_number(text: str) -> float:
    """Returns the number as a double. Raises ValueError when that loses a digit.

    A double rounded to as many digits must be the number itself: that holds for whatever a program writes that has
    doubles (0.1, 1e-320, 0.10000000000000001), and not for 1e400, 1e-400 or a number of thirty digits.
    """
    number = float(text)
    mantissa, _, exponent = text.lower().lstrip("-+").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return number
    power = int(exponent or 0) - len(fraction) + len(digits) - 1
    rounded, _, found = f"{abs(number):.{len(digits) - 1}e}".partition("e")
    if rounded.replace(".", "") != digits or int(found or 0) != power:
        raise ValueError(INEXACT)
    return number


class Inexact(Exception):
    """A number would be changed; the message is that of a msgspec validation error, which ends with the place."""


LOCATING: Final = msgspec.json.Decoder(Any, float_hook=exact_number)


def check_numbers(body: bytes | str) -> None:
    """Raises Inexact for JSON with a number that a double would change, with its place in a body of moderate size."""
    sent = body.encode() if isinstance(body, str) else bytes(body)
    if not _may_hold_doubtful(sent) or not _may_hold_doubtful(outside := _without_texts(sent)):
        return
    doubtful = _doubtful_in(outside)
    if len(doubtful) > MAX_LONG_NUMBERS:
        raise Inexact(f"more than {MAX_LONG_NUMBERS:,} numbers have more digits than are kept; write them as text")
    for number in doubtful:
        try:
            exact_number(number.decode())
        except ValueError:
            raise _located(sent, number) from None


def _may_hold_doubtful(text: bytes) -> bool:
    """Returns whether a number in this text may be changed, in a microsecond for each KiB."""
    form = text.translate(FORM)
    return LONG_DIGITS in form or EXPONENT.search(form) is not None


def _without_texts(sent: bytes) -> bytes:
    """Returns JSON without its texts, which are most of it."""
    return b" ".join(sent.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _doubtful_in(outside: bytes) -> set[bytes]:
    """Returns the numbers of JSON without texts that doubles may change; those in the shortest form are safe."""
    long = {number for number in DOUBTFUL.findall(outside) if len(number) > SURE_CHARACTERS or b"e" in number.lower()}
    numbers = list(long)
    try:
        shortest = msgspec.json.encode(msgspec.json.decode(b"[" + b",".join(numbers) + b"]"))[1:-1].split(b",")
    except msgspec.DecodeError:  # one of them is not a double at all
        return long
    return {number for number, same in zip(numbers, shortest, strict=True) if number != same} if numbers else set()


def _located(sent: bytes, number: bytes) -> Inexact:
    at = ""
    if len(sent) <= MAX_LOCATED_BYTES:
        try:
            LOCATING.decode(sent)
        except msgspec.ValidationError as error:
            at = "".join(str(error).partition(" - at ")[1:])
    return Inexact(f"{number[:MAX_SHOWN_CHARACTERS].decode()} {INEXACT}{at}")
