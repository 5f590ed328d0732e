"""Names: in any script, of one visible line, without effect on the text around them."""

# ruff: noqa: RUF001 - letters of many scripts are what this is about
import unicodedata

import pytest

from reyna.domain.errors import Invalid
from reyna.domain.text.names import make_name, normalize_description, normalize_name

NAMES = [
    "Chapter 1", "глава", "章", "الفصل الأول", "פרק א׳", "บทที่ ๑", "ਅਧਿਆਇ", "제1장", "👨‍👩‍👧", "1️⃣",
    "!", "…", "a\u0301\u0323", "می\u200cخواهم", "क्\u200dष", "\u200fשלום!", "a\u200b b", "\u2067עברית\u2069 in English",
    "\u202aa\u202c", "𠮷", "\ue000", "x" * 200,
]  # fmt: skip
BAD = [
    "", "   ", "\u00a0\u3000", "x" * 201, "a\nb", "a\tb", "a\x00", "a\x1b[31m", "a\x7f", "a\x85b", "a\u2028b",
    "a\u2029b", "\ud800",
    "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u034f",
    "\ufe0f", "\u0301", "\u0e31", "\U000e0041", "\U000e0100", "\u180e", "\u17b4", "\uffff", "\u061c", "\u200e \u200f",
    "a\u202ab", "a\u202bb", "a\u202cb", "a\u202db", "a\u202eb", "a\u2066b", "a\u2067b", "a\u2068b", "a\u2069b",
    "\u202db\u202c", "\u202eb\u202c", "\u2067\u202ab\u2069\u202c", "\u2069a\u2067",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_is_kept_as_nfc(name: str) -> None:
    assert normalize_name(f" {name}\u3000") == unicodedata.normalize("NFC", name)
    assert make_name(name, instead="untitled")


@pytest.mark.parametrize("name", BAD, ids=lambda name: name[:20].encode("unicode-escape").decode())
def test_what_is_no_name_is_refused_by_field(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalize_name(name, field="label")
    assert refused.value.errors[0].path == "/label"


@pytest.mark.parametrize("text", BAD, ids=lambda name: name[:20].encode("unicode-escape").decode())
def test_what_replaces_it_is_a_name(text: str) -> None:
    name = make_name(text, instead="untitled")
    assert normalize_name(name) == name


def test_a_description_has_lines_and_may_be_empty() -> None:
    assert normalize_description("") == ""
    assert normalize_description("one\n\ttwo\r\n") == "one\n\ttwo\r\n"
    for text in ("\x1b[31m", "a\u202eb", "\u2067"):
        with pytest.raises(Invalid):
            normalize_description(text)
