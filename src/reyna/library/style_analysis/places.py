"""Places in a text, in UTF-16 code units: the unit of the page's strings and of its editor."""

from bisect import bisect_left
from typing import Final

MAX_BASIC_CHARACTER: Final = "\uffff"  # above which a character takes two units


class Utf16Places:
    """Converts places from code points."""

    def __init__(self, text: str) -> None:
        beyond = not text.isascii() and max(text, default="") > MAX_BASIC_CHARACTER
        self._long = [at for at, sign in enumerate(text) if sign > MAX_BASIC_CHARACTER] if beyond else []

    def convert(self, place: int) -> int:
        return place + bisect_left(self._long, place)
