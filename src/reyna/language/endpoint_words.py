"""Words about endpoints that all adapters use, and the times that endpoints ask for."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SYSTEM_ADVICE: Final = "check REYNA_LLM_KEY, REYNA_LLM_MODEL and REYNA_LLM_URL"
ADVICE: Final = "check its key, its name there and its URL"
MAX_MESSAGE_CHARACTERS: Final = 500


def retry_after(header: str | None, date: str | None) -> float | None:
    """Returns the seconds of a Retry-After header; a date is relative to the endpoint's own clock (RFC 9110 Date)."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (ValueError, TypeError):
        return None
