"""What a line of a legacy file says of a time: read where it can mean only one moment, and named where it cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.services.state.legacy_import.timestamps import ParsedTime, parse_time

NEW_YEAR: Final = datetime(2021, 1, 31, 20, 11, 52, tzinfo=UTC)
EXACT: Final = datetime(2021, 1, 31, 20, 11, 52, 345_000, tzinfo=UTC)
MIDNIGHT: Final = datetime(2021, 1, 31, tzinfo=UTC)
READ: Final[list[tuple[Any, datetime]]] = [
    (1612123912, NEW_YEAR),
    ("1612123912", NEW_YEAR),
    (1612123912.345, EXACT),
    ("1612123912.345", EXACT),
    (1612123912345, EXACT),
    ("1612123912345", EXACT),
    (1612123912345000, EXACT),
    ("1612123912345000000", EXACT),
    (-1612123912, datetime(1918, 12, 1, 3, 48, 8, tzinfo=UTC)),
    ({"$date": "2021-01-31T20:11:52.345Z"}, EXACT),
    ({"$date": 1612123912345}, EXACT),
    ({"$date": {"$numberLong": "1612123912345"}}, EXACT),
    ({"$timestamp": {"t": 1612123912, "i": 1}}, NEW_YEAR),
    ("/Date(1612123912345)/", EXACT),
    ("/Date(1612123912345+0100)/", EXACT),
    ("2021-01-31T20:11:52Z", NEW_YEAR),
    ("2021-01-31t20:11:52z", NEW_YEAR),
    ("2021-01-31T21:11:52+01:00", NEW_YEAR),
    ("2021-01-31T21:11:52.345000000+0100", EXACT),
    ("2021-01-31 21:11:52,345 +01", EXACT),
    ("2021-01-31T21:11:52+01:00[Europe/Berlin]", NEW_YEAR),
    ("2021-01-31 20:11:52", NEW_YEAR),
    ("2021-01-31 20:11:52 UTC", NEW_YEAR),
    ("2021/01/31 8:11:52 PM", NEW_YEAR),
    ("20210131T201152Z", NEW_YEAR),
    ("20210131201152", NEW_YEAR),
    (20210131201152, NEW_YEAR),
    ("2021-01-31", MIDNIGHT),
    ("20210131", MIDNIGHT),
    ("2021-W04-7", MIDNIGHT),
    ("2021-01-30T24:00:00Z", MIDNIGHT),
    ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ("2017-01-01T00:59:60.5+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
    ("Sun, 31 Jan 2021 20:11:52 GMT", NEW_YEAR),
    ("Sun, 31 Jan 2021 21:11:52 +0100", NEW_YEAR),
    ("31 Jan 21 15:11:52 EST", NEW_YEAR),
    ("Sun, 31 Jan 2021 21:11:52 +0100 (Central European Time)", NEW_YEAR),
    ("Sunday, 31-Jan-21 20:11:52 GMT", NEW_YEAR),
    ("Sun Jan 31 20:11:52 2021", NEW_YEAR),
    ("Sun Jan 31 20:11:52 UTC 2021", NEW_YEAR),
    ("Sun Jan 31 2021 21:11:52 GMT+0100 (Central European Standard Time)", NEW_YEAR),
    ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("January 31, 2021", MIDNIGHT),
    ("Jan 31, 2021, 8:11:52 PM", NEW_YEAR),
    ("31 January 2021", MIDNIGHT),
    ("31/01/2021", MIDNIGHT),
    ("01/31/2021 8:11:52 pm", NEW_YEAR),
    ("31.01.2021 20:11:52", NEW_YEAR),
    ("05/05/2021", datetime(2021, 5, 5, tzinfo=UTC)),
    ("  2021-01-31T20:11:52Z\n", NEW_YEAR),
]
UNREAD: Final[list[Any]] = [
    "03/04/2021",
    "3.4.2021",
    "31/01/21",
    "21/01/31",
    "yesterday",
    "null",
    "2021",
    "44227.5",
    44227,
    0,
    "0",
    20210131,
    True,
    [2021, 1, 31],
    {"year": 2021},
    "2021-02-30",
    "2021-13-01T00:00:00Z",
    "2021-01-31T25:00:00Z",
    "2021-01-31 13:00 PM",
    "2021-01-31 20:11:52 IST",
    "31 Foo 2021",
    "9" * 30,
    "0001-01-01T00:00:00+14:00",
]


@pytest.mark.parametrize(("said", "moment"), READ, ids=[str(said).strip() for said, _ in READ])
def test_what_can_mean_only_one_moment_is_read(said: Any, moment: datetime) -> None:
    assert parse_time(said) == ParsedTime(moment)


@pytest.mark.parametrize("said", UNREAD, ids=str)
def test_what_may_mean_another_or_none_is_not_guessed_but_named(said: Any) -> None:
    found = parse_time(said)
    assert found.moment is None
    assert found.problem is not None and str(said)[:10] in found.problem


@pytest.mark.parametrize("said", [None, "", " ", {"$date": None}])
def test_where_nothing_is_said_there_is_nothing_to_tell(said: Any) -> None:
    assert parse_time(said) == ParsedTime()


@given(st.datetimes(MIDNIGHT.replace(year=1974, tzinfo=None), MIDNIGHT.replace(year=2200, tzinfo=None)))
def test_whatever_the_form_it_is_the_same_moment(moment: datetime) -> None:
    exact = moment.replace(tzinfo=UTC)
    microseconds = (exact - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    forms: list[Any] = [exact.isoformat(), str(exact), microseconds, str(microseconds), str(microseconds * 1000)]
    assert {parse_time(form).moment for form in forms} == {exact}
    seconds = exact.replace(microsecond=0)
    assert parse_time(microseconds // 10**6).moment == seconds
    assert parse_time(f"{seconds:%a, %d %b %Y %H:%M:%S} +0000").moment == seconds
    assert parse_time(f"{seconds:%a %b %e %H:%M:%S %Y}").moment == seconds


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.dictionaries(st.text(), st.integers())))
def test_nothing_that_is_said_breaks_it(said: Any) -> None:
    found = parse_time(said)
    assert found.moment is None or found.problem is None
