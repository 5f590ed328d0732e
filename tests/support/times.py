"""Points in time for tests."""

from datetime import UTC, datetime
from typing import Final

FAR_FUTURE: Final = datetime(9999, 1, 1, tzinfo=UTC)  # after everything a test can have written
