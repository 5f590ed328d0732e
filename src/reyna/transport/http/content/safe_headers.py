"""Headers for content that users have uploaded: it never runs as a part of the studio."""

from typing import Final
from urllib.parse import quote

SAFE_INLINE_TYPES: Final = frozenset({"application/pdf", "text/plain"})
SAFE_INLINE_KINDS: Final = ("image/", "audio/", "video/")
UNSAFE_IMAGES: Final = frozenset({"image/svg+xml"})
PDF: Final = "application/pdf"
POLICY: Final = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SANDBOX: Final = "; sandbox"
FILE_NAME_CHARACTERS: Final = frozenset(" !#$&+-.^_`{}~()[]@',=") | frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)  # that every client reads the same in a quoted string
UNENCODED_CHARACTERS: Final = "!#$&+-.^_`|~"  # of an extended value (RFC 8187), beside letters and digits


def is_safe_inline(media_type: str) -> bool:
    """Tells whether a browser may show content of this type instead of downloading it."""
    if media_type in SAFE_INLINE_TYPES:
        return True
    return media_type.startswith(SAFE_INLINE_KINDS) and media_type not in UNSAFE_IMAGES


def content_headers(media_type: str, name: str) -> dict[str, str]:
    """Returns the headers with which content of this type and name is served."""
    disposition = "inline" if is_safe_inline(media_type) else "attachment"
    return {
        "content-type": f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type,
        "content-disposition": content_disposition(disposition, name),
        "x-content-type-options": "nosniff",
        # Browsers refuse to show a PDF in a sandbox; their viewers run no script of it in this origin.
        "content-security-policy": POLICY if media_type == PDF else POLICY + SANDBOX,
    }


def content_disposition(disposition: str, name: str) -> str:
    """Returns a Content-Disposition with the name in ASCII for old clients, and as it is (RFC 6266, RFC 8187)."""
    ascii_name = "".join(sign if sign in FILE_NAME_CHARACTERS else "_" for sign in name)
    value = f'{disposition}; filename="{ascii_name}"'
    if ascii_name == name:
        return value
    return f"{value}; filename*=UTF-8''{quote(name, safe=UNENCODED_CHARACTERS)}"
