"""Redaction of passwords and tokens in URLs."""

import re
from typing import Final

USER_OF_URL: Final = re.compile(r"(?<=://)([^\s/:@]*:)?[^\s/]*(?=@)")
SECRET_OF_QUERY: Final = re.compile(r"(?<=[?&])((?:password|token|key|secret)=)[^&\s]*")


def redact_passwords(text: str) -> str:
    """Returns the text without the password or token of every URL in it."""
    hidden = USER_OF_URL.sub(lambda user: f"{user[1] or ''}***", text) if "@" in text else text
    return SECRET_OF_QUERY.sub(r"\1***", hidden)
