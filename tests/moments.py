"""Points in time that tests ask about."""

from datetime import UTC, datetime
from typing import Final

SOON: Final = datetime(9999, 1, 1, tzinfo=UTC)  # after everything a test can have written
