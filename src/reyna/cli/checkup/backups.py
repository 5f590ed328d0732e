"""The check of the age of the last backup."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from reyna.app.backup.destination import open_destination
from reyna.app.config import Settings
from reyna.cli.checkup import CheckResult, not_checked, ok, problem
from reyna.cli.terminal import quantity
from reyna.domain.errors import CannotStart, Fault
from reyna.storage.backup.repository import latest_backup_at

MAX_AGE: Final = timedelta(hours=50)  # of the last one, where the studio backs itself up every day
MEND: Final = "see the log of the studio, or run reyna backup"


async def check_backups(settings: Settings, clock: Callable[[], datetime] = partial(datetime.now, UTC)) -> CheckResult:
    """Returns the age of the last backup; one that is late is a problem where backups are made by themselves."""
    if settings.backup_url is None:
        return not_checked("backups", "REYNA_BACKUP_URL is not set; see docs/how-to/back-up-and-restore.md")
    try:
        latest = await latest_backup_at(open_destination(settings.backup_url))
    except (Fault, CannotStart) as error:
        return problem(f"backups: {getattr(error, 'detail', error)}", "see REYNA_BACKUP_URL")
    if latest is None:
        return problem("there is no backup yet", MEND)
    age = clock() - latest
    said = f"the last backup is {describe_age(age)} old"
    return problem(said, MEND) if settings.backup_at and age > MAX_AGE else ok(said)


def describe_age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return quantity(minutes, "minute")
    return quantity(minutes // 60, "hour") if minutes < 48 * 60 else quantity(minutes // (24 * 60), "day")
