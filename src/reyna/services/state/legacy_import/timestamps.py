"""Parses the times in legacy lines: every form that can mean only one moment."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

# Numbers since 1970, by their size: each unit is told apart from the next for every year from 1973 to 5138.
MIN_SECONDS: Final = 10**8  # below it a number is as well a day of a spreadsheet, a year, or nothing at all
UNITS: Final = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))  # less than this: a second is so many microseconds, …
MAX_NANOSECONDS: Final = 10**20  # nanoseconds
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_QUOTED_LENGTH: Final = 40  # characters of what cannot be read

NUMBER: Final = re.compile(r"([+-]?[0-9]{1,20})(?:\.([0-9]{1,9}))?")
JAVASCRIPT: Final = re.compile(r"\\?/Date\((-?[0-9]{1,18})(?:[+-][0-9]{4})?\)\\?/")
COMPACT: Final = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:[T ]?([0-9]{2})([0-9]{2})([0-9]{2})?)?(Z?)")
WEEK: Final = re.compile(r"[0-9]{4}-W[0-9]{2}(?:-[1-7])?")
NAMED_ZONE: Final = re.compile(r"\[[A-Za-z_/+-]+[0-9]*\]$|\s\([A-Za-z ]+\)$")  # beside an offset, which says it all
TIME: Final = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,12}))?)?"
    r"(?:\s*(?P<half>[AaPp]\.?[Mm]\.?))?"
)
ZONE: Final = r"(?:\s*(?P<zone>(?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|[A-Za-z]{1,5}))?"
WEEKDAY: Final = r"(?:[A-Za-z]{3,9}\.?,?\s+)?"
MONTH: Final = r"(?P<name>[A-Za-z]{3,9})\.?"
FORMS: Final = tuple(
    re.compile(form)
    for form in (
        # ISO 8601, RFC 3339, and what databases print
        rf"(?P<year>[0-9]{{4}})(?P<by>[-/.])(?P<month>[0-9]{{1,2}})(?P=by)(?P<day>[0-9]{{1,2}})(?:[Tt_]|,?\s+|$)(?:{TIME}{ZONE})?",
        # RFC 822, 2822, 5322, 850 and plain words: 31 Jan 2021, Sunday, 31-Jan-21 12:00:00 GMT
        rf"{WEEKDAY}(?P<day>[0-9]{{1,2}})[ -]{MONTH},?[ -](?P<year>[0-9]{{4}}|[0-9]{{2}})(?:,?\s+{TIME}{ZONE})?",
        # January 31, 2021 3:04 PM, and what JavaScript prints
        rf"{WEEKDAY}{MONTH}\s+(?P<day>[0-9]{{1,2}})(?:,\s*|\s+)(?P<year>[0-9]{{4}})(?:,?\s+(?:at\s+)?{TIME}{ZONE})?",
        # asctime, and what `date` prints
        rf"{WEEKDAY}{MONTH}\s+(?P<day>[0-9]{{1,2}})\s+{TIME}{ZONE}\s+(?P<year>[0-9]{{4}})",
        # 31/01/2021: which is which is seen only where one of them is no month
        rf"(?P<one>[0-9]{{1,2}})(?P<by>[-/.])(?P<other>[0-9]{{1,2}})(?P=by)(?P<year>[0-9]{{4}}|[0-9]{{2}})(?:,?\s+{TIME}{ZONE})?",
    )
)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
# RFC 2822, section 4.3; other letters mean different things to different people.
ZONES: Final = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
                "pst": -8, "pdt": -7}  # fmt: skip


class UnreadableTime(ValueError):
    """The problem with a time, in words for the report."""


class ParsedTime(NamedTuple):
    """The moment of a time, or the problem with it; neither where the line has none."""

    moment: datetime | None = None
    problem: str | None = None


def parse_time(value: Any) -> ParsedTime:
    """Returns the moment of a time: text, a number since 1970, or what MongoDB exports. Without a zone it is UTC."""
    value = _plain(value)
    if value is None or value == "":
        return ParsedTime()
    try:
        return ParsedTime(_read(value))
    except UnreadableTime as unread:
        return ParsedTime(problem=f"{str(value)[:MAX_QUOTED_LENGTH]!r} {unread}")
    except (ValueError, OverflowError):
        return ParsedTime(problem=f"{str(value)[:MAX_QUOTED_LENGTH]!r} is no moment that there is")


def _plain(value: Any) -> Any:
    """Returns the value without the wrapping of MongoDB's exports."""
    for name in ("$date", "$timestamp", "$numberLong", "$numberDouble", "$numberInt", "t"):
        if isinstance(value, dict) and name in value:
            value = value[name]
    return value.strip() if isinstance(value, str) else value


def _read(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableTime("is no time")
    if isinstance(value, int | float):
        return _of_number(f"{value:.6f}" if isinstance(value, float) else str(value), is_text=False)
    if found := JAVASCRIPT.fullmatch(value):
        return _since(int(found[1]) * 1000)
    if NUMBER.fullmatch(value):
        return _of_number(value, is_text=True)
    if found := COMPACT.fullmatch(value):
        return _of_compact(found)
    if WEEK.fullmatch(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    bare = NAMED_ZONE.sub("", value)
    for form in FORMS:
        if found := form.fullmatch(bare):
            return _of_parts(found.groupdict())
    raise UnreadableTime("is no time that can be read")


def _of_number(text: str, *, is_text: bool) -> datetime:
    if found := COMPACT.fullmatch(text):
        if len(text) == 8 and not is_text:
            raise UnreadableTime("may be a date or a number of seconds")
        if len(text) in (8, 14):
            return _of_compact(found)
    whole = NUMBER.fullmatch(text)
    number = abs(int(whole[1])) if whole else 0
    if whole is None or not MIN_SECONDS <= number < MAX_NANOSECONDS:
        raise UnreadableTime("is no time that can be told from another number")
    fraction = int((whole[2] or "").ljust(9, "0")[:9])
    microseconds = number // 1000  # of nanoseconds
    for limit, unit in UNITS:
        if number < limit:
            microseconds = number * unit + fraction * unit // 10**9
            break
    return _since(-microseconds if text.startswith("-") else microseconds)


def _since(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _of_compact(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, _ = found.groups()
    return _moment(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), 0, 0)


def _of_parts(parts: dict[str, str | None]) -> datetime:
    year, month, day = _day(parts)
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise UnreadableTime("has an hour that no clock shows")
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    microsecond = int((parts.get("fraction") or "").ljust(6, "0")[:6])
    return _moment(year, month, day, hour, minute, second, microsecond, _offset(parts.get("zone")))


def _day(parts: dict[str, str | None]) -> tuple[int, int, int]:
    written = parts["year"] or ""
    year = int(written)
    if len(written) == 2:  # RFC 2822, section 4.3
        if "name" not in parts:
            raise UnreadableTime("does not say which part of it is the year")
        year += 2000 if year < 50 else 1900
    if "one" in parts:
        one, other = int(parts["one"] or 0), int(parts["other"] or 0)
        if one <= 12 and other <= 12 and one != other:
            raise UnreadableTime("does not say which part of it is the month")
        return (year, one, other) if one <= 12 else (year, other, one)
    if name := parts.get("name"):
        return year, _month(name.lower()), int(parts["day"] or 0)
    return year, int(parts["month"] or 0), int(parts["day"] or 0)


def _month(name: str) -> int:
    for number, (short, long) in enumerate(zip(MONTHS, LONG_MONTHS, strict=True), 1):
        if name in (short, long) or (name == "sept" and number == 9):
            return number
    raise UnreadableTime("names no month")


def _offset(zone: str | None) -> int:
    """Returns the minutes east of UTC."""
    if zone is None:
        return 0
    digits = zone.upper().removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if digits[:1] in ("+", "-"):
        minutes = int(digits[1:3]) * 60 + int(digits[3:] or 0)
        return -minutes if digits[0] == "-" else minutes
    if zone.lower() not in ZONES:
        raise UnreadableTime(f"has a zone, {zone}, that is not the same everywhere")
    return ZONES[zone.lower()] * 60


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, microsecond: int, offset: int
) -> datetime:
    """Returns the moment; a leap second is the second after it, and 24:00 the midnight."""
    later = timedelta()
    if second == 60:
        second, microsecond, later = 59, 0, timedelta(seconds=1)
    if (hour, minute, second, microsecond) == (24, 0, 0, 0):
        hour, later = 0, timedelta(days=1)
    zone = timezone(timedelta(minutes=offset))
    return (datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone) + later).astimezone(UTC)
