"""Findings: what a text that a model made has lost of its source, or has added to it."""

from typing import Any, Final, Literal

import msgspec

from reyna.domain.text.clusters import shorten

MAX_FINDINGS: Final = 200  # of one text
MAX_FOUND_CHARACTERS: Final = 500

FindingKind = Literal[
    "missing_name",
    "missing_number",
    "missing_quote",
    "new_name",
    "point_of_view",
    "tense",
]
Where = Literal["source", "result"]


class FidelityFinding(msgspec.Struct, frozen=True):
    """One finding. `start` and `end` are its place in code points: what is missing is in the source, what is new is in
    the result; both are 0 for a finding on the text as a whole."""

    kind: FindingKind
    text: str
    where: Where
    start: int = 0
    end: int = 0


def findings_as_data(findings: list[FidelityFinding]) -> list[dict[str, Any]]:
    """Returns the findings as they are stored, the first 200 of them."""
    return [
        {
            "kind": one.kind,
            "text": shorten(one.text, MAX_FOUND_CHARACTERS),
            "place": {"where": one.where, "start": one.start, "end": one.end},
        }
        for one in findings[:MAX_FINDINGS]
    ]
