"""Pages of lists and their cursors."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.requests.page import DEFAULT_LIMIT, MAX_PAGE_SIZE, check_limit, decode_cursor, encode_cursor

MOMENTS = st.datetimes(timezones=st.just(UTC))


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@given(st.text(), st.integers(-(2**63), 2**63), MOMENTS)
def test_a_cursor_is_read_as_it_was_written(text: str, number: int, moment: datetime) -> None:
    cursor = encode_cursor(text, number, moment)
    assert decode_cursor(cursor, str, int, datetime) == (text, number, moment)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, str) is None


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "ä", "\ud800", "=", "a", "%00", raw(""), raw("7"), raw("[]"), raw('["a"]'), raw('["a",1,2]'),
     raw('[1,"a"]'), raw("null"), raw('{"a":1}'), raw('["a",NaN]'), raw("[" * 5_000),
     encode_cursor("a"), encode_cursor("a", "b")],
)  # fmt: skip
def test_what_no_list_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor, str, int)
    assert refused.value.errors[0].path == "/cursor"


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_a_list(cursor: str) -> None:
    try:
        place: Any = decode_cursor(cursor, str, int)
    except Invalid:
        return
    assert isinstance(place[0], str)


@pytest.mark.parametrize("limit", [1, DEFAULT_LIMIT, MAX_PAGE_SIZE])
def test_a_page_may_be_this_long(limit: int) -> None:
    assert check_limit(limit) == limit


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE_SIZE + 1, 2**70])
def test_and_no_longer(limit: int) -> None:
    with pytest.raises(Invalid) as refused:
        check_limit(limit)
    assert refused.value.errors[0].path == "/limit"
