"""Words about endpoints that all adapters use, and the times that endpoints ask for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from reyna.domain.text.clusters import truncate
from reyna.ports.language import EndpointFault

SYSTEM_ADVICE: Final = "check REYNA_LLM_KEY, REYNA_LLM_MODEL and REYNA_LLM_URL"
ADVICE: Final = "check its key, its name there and its URL"
MAX_MESSAGE_CHARACTERS: Final = 500
TOO_MANY_REQUESTS: Final = 429


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


def temporary_fault(subject: str, status: int, headers: Mapping[str, str]) -> EndpointFault:
    """Returns the fault for an HTTP answer that says to try again later; `subject` names the endpoint."""
    busy = status == TOO_MANY_REQUESTS
    words = "has too many requests at the moment" if busy else f"has an internal problem (HTTP {status})"
    wanted = retry_after(headers.get("retry-after"), headers.get("date"))
    return EndpointFault(f"{subject} {words}.", status=status, retry_after=wanted)


def redact_message(message: str, key: str | None) -> str:
    """Returns an endpoint's message to be shown: not too long, and without the key."""
    return truncate(message.replace(key, "…") if key else message, MAX_MESSAGE_CHARACTERS)
