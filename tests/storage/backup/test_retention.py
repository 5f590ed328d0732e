"""The retention of backups: rules in words of days, weeks and months."""

from datetime import UTC, datetime, timedelta

import pytest

from reyna.domain.errors import WrongSetting
from reyna.storage.backup.retention import parse_retention, select_expired

LATEST = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)  # a Saturday
HUNDRED_DAYS = [LATEST - timedelta(days=days) for days in range(100)]


def kept(rules: str) -> list[int]:
    """The ages in days of the backups that stay."""
    expired = select_expired(HUNDRED_DAYS, parse_retention(rules))
    return [(LATEST - moment).days for moment in HUNDRED_DAYS if moment not in expired]


def test_a_number_keeps_the_latest() -> None:
    assert kept("3") == [0, 1, 2]


def test_days_weeks_and_months_keep_the_latest_of_each() -> None:
    assert kept("3d") == [0, 1, 2]
    assert kept("3w") == [0, 6, 13]
    assert kept("3m") == [0, 28, 59]
    assert kept("2d,2w,2m") == [0, 1, 6, 28]


def test_the_latest_stays_whatever_the_rules_are_and_without_rules_all_do() -> None:
    assert select_expired([LATEST], parse_retention("1y")) == []
    assert select_expired(HUNDRED_DAYS, ()) == []


@pytest.mark.parametrize("text", ["", "0", "7x", "d", "7d,,4w", "-1", "7d 4w"])
def test_a_rule_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(WrongSetting, match="REYNA_BACKUP_KEEP"):
        parse_retention(text)
