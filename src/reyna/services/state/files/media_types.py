"""The media type of a file, found in its first bytes and never believed from a client."""

import re
from typing import Final

import filetype

from reyna.domain.files.file import DEFAULT_MEDIA_TYPE

HEAD_BYTES: Final = 8192  # from the beginning of a file, in which its type is looked for
MAX_UTF8_BYTES: Final = 4  # of one character, which the end of the head may cut off
TEXT_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
TYPED_TEXTS: Final = frozenset({"application/pdf", "application/rtf", "application/postscript"})
SVG: Final = re.compile(r"<(?:\w+:)?svg[\s>/]", re.IGNORECASE)
XML: Final = re.compile(r"<\?xml\s", re.IGNORECASE)
# The beginnings of a page, of which a browser that guesses takes one for HTML (WHATWG MIME Sniffing, section 7.1).
HTML_START: Final = re.compile(
    r"<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)(?:[\s>/]|$)",
    re.IGNORECASE,
)
HTML: Final = re.compile(r"<(?:!doctype\s+html|html|body|script|iframe)[\s>/]", re.IGNORECASE)
STANDARD_NAMES: Final = {
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-aiff": "audio/aiff",
    "application/x-msdownload": DEFAULT_MEDIA_TYPE,
}


def sniff_media_type(head: bytes) -> str:
    """Returns the media type of content that begins with these bytes, `application/octet-stream` when unknown."""
    known = filetype.guess_mime(head)
    text = _text_of(head)
    if text is not None and known not in TYPED_TEXTS:
        return _type_of_text(text)
    return STANDARD_NAMES.get(known, known) if known else DEFAULT_MEDIA_TYPE


def _text_of(head: bytes) -> str | None:
    """Returns the bytes as text, or None when they are none in UTF-8."""
    if TEXT_CONTROLS.search(head):
        return None
    for cut in range(MAX_UTF8_BYTES):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            if len(head) < HEAD_BYTES:  # it is the whole, and nothing was cut off
                return None
    return None


def _type_of_text(text: str) -> str:
    text = text.lstrip()
    if text.startswith("<") and SVG.search(text):
        return "image/svg+xml"
    if HTML_START.match(text) or HTML.search(text):
        return "text/html"
    return "application/xml" if XML.match(text) else "text/plain"
