"""The security headers of every response: no page of another origin can frame, sniff or embed it."""

from typing import Final

Header = tuple[bytes, bytes]
CSP: Final = b"content-security-policy"
SECURITY_HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (CSP, b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def with_security_headers(headers: list[Header]) -> list[Header]:
    """Returns the headers of a response with the security headers that it does not set itself."""
    present = {name for name, _ in headers}
    return [*headers, *(header for header in SECURITY_HEADERS if header[0] not in present)]
