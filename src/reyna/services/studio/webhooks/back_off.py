"""The back-off of deliveries: when one that failed is tried again, and when a webhook is given up."""

from datetime import datetime, timedelta
from typing import Final

RETRY_DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)  # of the example of Standard Webhooks: about three days
DISABLED_AFTER: Final = timedelta(days=5)  # in which nothing was delivered


def next_attempt_at(attempt_count: int, now: datetime) -> datetime | None:
    """Returns the moment of the next attempt after so many; None when the delivery is given up."""
    return now + RETRY_DELAYS[attempt_count - 1] if 1 <= attempt_count <= len(RETRY_DELAYS) else None


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Returns whether a webhook that failed again now is to be disabled."""
    return failing_since is not None and now - failing_since >= DISABLED_AFTER
