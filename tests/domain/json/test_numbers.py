"""Numbers are kept to every digit that was written, or refused with their place."""

import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.json.numbers import MAX_LONG_NUMBERS, exact_number
from reyna.domain.json.reading import decode_json

ANYTHING: msgspec.json.Decoder[object] = msgspec.json.Decoder(object)


@pytest.mark.parametrize(
    "number",
    [
        *(
            "1e-400",
            "-1E-400",
            "1e400",
            "123456789012345678901234567890.5",
            "9007199254740993.0",
            "12345678901234567890.0",
        ),
        *("3.141592653589793238", "2.5e-400", "123456789012345678e5"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "[1,{}]", '{{"a":[{{"b~/":{}}}]}}'])
def test_a_number_that_would_be_changed_is_refused_with_its_place(number: str, form: str) -> None:
    for body in (form.format(number), form.format(number).encode()):
        with pytest.raises(Invalid) as refusal:
            decode_json(ANYTHING, body)
        assert "number" in refusal.value.errors[0].message.lower()


def test_the_place_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        decode_json(msgspec.json.Decoder(dict[str, Any]), '{"data":[0.5,{"x":1e-400}]}')
    assert refusal.value.detail.count("1e-400") == 1
    assert "text" in refusal.value.detail


@pytest.mark.parametrize(
    "number",
    [
        *(
            "0.1",
            "0.10",
            "0.10000000000000001",
            "0.30000000000000004",
            "1e22",
            "1E+5",
            "1e-320",
            "5e-324",
            "-0.0",
            "0e9",
        ),
        *("123456789012345678901234567890", "9223372036854775808", "0.000e-999", "1.7976931348623157e308"),
    ],
)
def test_a_number_that_is_kept_is_taken(number: str) -> None:
    assert decode_json(ANYTHING, number) == msgspec.json.decode(number)


def test_what_looks_like_a_number_within_a_text_is_text() -> None:
    data = {"a": '1e-400 "1e400" \\" 123456789012345678901234567890.5', "1e-400": "\\"}
    assert decode_json(ANYTHING, msgspec.json.encode(data)) == data


@given(st.binary(min_size=8, max_size=8))
def test_whatever_a_program_writes_that_has_doubles_is_kept(bits: bytes) -> None:
    number: float = struct.unpack("d", bits)[0]
    if number == number and abs(number) != float("inf"):
        for text in (repr(number), f"{number:.17g}", f"{number:.16e}", f"{number:.30e}"):
            assert exact_number(text) == number
            assert decode_json(ANYTHING, text) == number


def test_many_numbers_of_needless_length_are_refused_at_once() -> None:
    body = ",".join(f"{number}.00000000000000001" for number in range(MAX_LONG_NUMBERS + 1))
    with pytest.raises(Invalid, match="more than"):
        decode_json(ANYTHING, f"[{body}]")
    assert decode_json(ANYTHING, "[" + ",".join(["0.10000000000000001"] * 100_000) + "]")
