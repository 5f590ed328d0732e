"""The backup of every night: when it is due, and what the doctor says of its age."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reyna.app.backup.nightly import next_moment
from reyna.app.config import Settings, read_settings
from reyna.cli.checkup.backups import check_backups
from reyna.domain.errors import WrongSetting

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "due"),
    [("12:01", timedelta(minutes=1)), ("12:00", timedelta(days=1)), ("03:30", timedelta(hours=15, minutes=30))],
)
def test_it_is_due_at_the_next_time_of_day(at: str, due: timedelta) -> None:
    assert next_moment(at, NOW) - NOW == due


@pytest.mark.parametrize(
    ("age", "at", "state", "what"),
    [
        (timedelta(minutes=1), "03:30", "ok", "1 minute old"),
        (timedelta(hours=49), "03:30", "ok", "2 days old"),
        (timedelta(hours=51), "03:30", "wrong", "2 days old"),
        (timedelta(days=90), None, "ok", "90 days old"),
        (None, "03:30", "wrong", "no backup yet"),
    ],
)
async def test_the_doctor_tells_the_age_of_the_last_backup(
    tmp_path: Path, age: timedelta | None, at: str | None, state: str, what: str
) -> None:
    (tmp_path / "backups").mkdir()
    if age is not None:
        (tmp_path / "backups" / f"{(NOW - age).strftime('%Y%m%dT%H%M%SZ')}-00000000").write_bytes(b"sealed")
    settings = Settings(backup_url=tmp_path.as_uri(), backup_at=at)
    result = await check_backups(settings, lambda: NOW)
    assert (result.state, what in result.what) == (state, True), result


async def test_without_a_destination_the_doctor_could_not_look() -> None:
    assert (await check_backups(Settings())).state == "could not look"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"REYNA_BACKUP_AT": "24:00"}, "a time of day such as 03:30"),
        ({"REYNA_BACKUP_AT": "03:30"}, "REYNA_BACKUP_URL"),
        ({"REYNA_BACKUP_AT": "03:30", "REYNA_BACKUP_URL": "file:///b"}, "REYNA_BACKUP_PASSPHRASE_FILE"),
        ({"REYNA_BACKUP_KEEP": "7x"}, "7d,4w,12m"),
    ],
)
def test_settings_that_cannot_work_stop_the_start_with_one_line(
    tmp_path: Path, environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(WrongSetting, match=reason):
        read_settings(environment, tmp_path)
