"""Point of view and tense: those of a source in words for a prompt, and a result that left them."""

from typing import Any

from reyna.library.fidelity.finding import FidelityFinding
from reyna.library.style_analysis.document import read_document
from reyna.library.style_analysis.languages.detection import find_language
from reyna.library.style_analysis.measures.narration import describe_voice, measure_narration


def voice_of(text: str) -> dict[str, Any]:
    """Returns `point_of_view` and `tense` as far as the style analyzer can tell them; a short text tells neither."""
    measured = measure_narration(read_document(text, find_language(text, None)))
    narration: dict[str, Any] = measured.values.get("narration", {})
    return narration


def voice_in_words(text: str) -> str:
    """Returns the voice of a text as `third person, past tense`, without what cannot be told; empty for mixed ones."""
    voice = voice_of(text)
    return describe_voice({name: value for name, value in voice.items() if value != "mixed"})


def find_changed_voice(source: str, result: str) -> list[FidelityFinding]:
    """Returns a finding for a point of view or a tense that is another one in the result, where both are clear."""
    before, after = voice_of(source), voice_of(result)
    found: list[FidelityFinding] = []
    if _differs(before, after, "point_of_view"):
        change = f"{before['point_of_view']} person, now {after['point_of_view']} person"
        found.append(FidelityFinding("point_of_view", change, "result"))
    if _differs(before, after, "tense") and "mixed" not in (before["tense"], after["tense"]):
        found.append(FidelityFinding("tense", f"{before['tense']} tense, now {after['tense']} tense", "result"))
    return found


def _differs(before: dict[str, Any], after: dict[str, Any], name: str) -> bool:
    return name in before and name in after and before[name] != after[name]
