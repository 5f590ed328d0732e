"""Results of text editing, as the schemas of expanded and of edited texts want them."""

from typing import Any, Final

import msgspec

from reyna.domain.text.words import word_count
from reyna.library.fidelity.finding import FidelityFinding, findings_as_data
from reyna.library.text_editing.editing import EditedText
from reyna.library.text_expansion.metrics import measure
from reyna.sdk import Context

MAX_NOTES_CHARACTERS: Final = 5_000
FINDINGS_IN_WORDS: Final = {
    "missing_name": "Missing names",
    "missing_number": "Missing numbers",
    "missing_quote": "Missing quotations",
    "new_name": "New names",
    "point_of_view": "Point of view",
    "tense": "Tense",
}


async def as_expanded_text(original: str, edited: EditedText, context: Context[Any]) -> dict[str, Any]:
    """Returns the data of `expanded-text-v1`."""
    await context.progress(1.0, edited.text)
    return {
        "original": original,
        "expanded": edited.text,
        "expansion_ratio": round(word_count(edited.text) / max(word_count(original), 1), 2),
        "demonstration": False,
        "findings": findings_as_data(edited.findings),
        **_measured(edited.text, context),
    }


async def as_edited_text(original: str, edited: EditedText, style: str, context: Context[Any]) -> dict[str, Any]:
    """Returns the data of `edited-text-v1`, a draft whose notes say what was found."""
    await context.progress(1.0, edited.text)
    data: dict[str, Any] = {"content": edited.text, "original": original, "status": "draft"}
    if style.strip():
        data["style"] = style.strip()
    if edited.findings:
        data["notes"] = findings_in_words(edited.findings)
    return data | _measured(edited.text, context)


def findings_in_words(findings: list[FidelityFinding]) -> str:
    """Returns one line for each kind of finding."""
    lines = []
    for kind, title in FINDINGS_IN_WORDS.items():
        if found := [finding.text for finding in findings if finding.kind == kind]:
            lines.append(f"{title}: {', '.join(found)}")
    return "\n".join(lines)[:MAX_NOTES_CHARACTERS]


def _measured(text: str, context: Context[Any]) -> dict[str, Any]:
    cost = context.cost
    return {
        "metrics": msgspec.to_builtins(measure(text)),
        "model": cost.model or "",
        "tokens": {"input": cost.input_tokens, "output": cost.output_tokens},
    }
