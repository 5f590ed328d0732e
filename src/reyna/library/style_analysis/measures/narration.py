"""Point of view and tense of the narration, by pronouns and verb forms outside of dialogue."""

from typing import Any, Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.languages.profile import LanguageProfile
from reyna.library.style_analysis.measures.result import Measured

MIN_PRONOUNS: Final = 5  # outside of dialogue, below which nothing is said
MIN_VERBS: Final = 5
MIN_FIRST_SHARE: Final = 0.35  # of the pronouns: a narrator also tells of others
MIN_SECOND_SHARE: Final = 0.5
MIN_TENSE_SHARE: Final = 0.75  # of the verbs that show a tense
PERSONS: Final = {"first": "first person", "second": "second person", "third": "third person"}


def measure_narration(document: Document) -> Measured:
    """Returns `narration`, with the shares that led to it, and `voice`, the same in words."""
    profile = document.language.profile
    if profile is None:
        return Measured(missing={"narration": f"There are no rules for {document.language.name}."})
    told = list(document.narration())
    narration: dict[str, Any] = {}
    missing: dict[str, str] = {}
    persons = (profile.first_person, profile.second_person, profile.third_person)
    first, second, third = (sum(word in person for word in told) for person in persons)
    if (pronouns := first + second + third) >= MIN_PRONOUNS:
        view = _point_of_view(first / pronouns, second / pronouns)
        narration |= {"point_of_view": view, "first_person_share": round(first / pronouns, 2)}
    else:
        missing["narration.point_of_view"] = "The narration has too few pronouns."
    ending = profile.past_ending
    past = sum(
        word in profile.past_verbs or (ending is not None and ending.fullmatch(word) is not None) for word in told
    )
    present = sum(word in profile.present_verbs for word in told)
    if (verbs := past + present) >= MIN_VERBS:
        narration |= {"tense": _tense(past / verbs), "past_share": round(past / verbs, 2)}
    else:
        missing["narration.tense"] = "The narration has too few verbs that show a tense."
    values: dict[str, Any] = {"narration": narration} if narration else {}
    if voice := describe_voice(narration):
        values["voice"] = voice
    return Measured(values, missing)


def describe_voice(narration: dict[str, Any]) -> str:
    """Returns the narration in words: `third person, past tense`."""
    person = PERSONS.get(narration.get("point_of_view", ""))
    tense = narration.get("tense")
    tense_words = "mixed tenses" if tense == "mixed" else f"{tense} tense" if tense else None
    return ", ".join(part for part in (person, tense_words) if part)


def _is_past(word: str, profile: LanguageProfile) -> bool:
    ending = profile.past_ending
    return word in profile.past_verbs or (ending is not None and ending.fullmatch(word) is not None)


def _point_of_view(first_share: float, second_share: float) -> str:
    if second_share >= MIN_SECOND_SHARE:
        return "second"
    return "first" if first_share >= MIN_FIRST_SHARE else "third"


def _tense(past_share: float) -> str:
    if past_share >= MIN_TENSE_SHARE:
        return "past"
    return "present" if past_share <= 1 - MIN_TENSE_SHARE else "mixed"
