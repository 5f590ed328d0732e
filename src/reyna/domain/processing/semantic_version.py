"""Semantic versions (semver.org 2.0.0) of processors."""

import re
from typing import Final

NUMBER: Final = r"(?:0|[1-9]\d*)"
PRE_RELEASE: Final = rf"(?:{NUMBER}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMANTIC_VERSION: Final = re.compile(
    rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-{PRE_RELEASE}(?:\.{PRE_RELEASE})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)


def is_semantic_version(text: str) -> bool:
    return SEMANTIC_VERSION.fullmatch(text) is not None
