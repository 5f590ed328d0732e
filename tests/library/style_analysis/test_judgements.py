"""Judgements come from a connected model alone, are marked as its own, and never decide about an analysis."""

from typing import Any

import pytest

from reyna.domain.errors import Fault, Forbidden
from reyna.library.style_analysis import style_analyzer
from reyna.library.style_analysis.judgements import MAX_EXCERPT_CHARACTERS, excerpts_of
from reyna.sdk.testing import a_blob, run
from tests.library.scripted_model import Scripted

ANSWER = '{"tone": "Quiet, then anxious.", "pacing": "The end hurries."}'
SETTINGS: dict[str, Any] = {"language": "en", "findings": [], "judgements": True}


async def analyse(language: Any, *, is_demonstration: bool = False, **settings: Any) -> dict[str, Any]:
    note = a_blob("text-input-v1", {"content": "The lamp was lit. He ran slowly."})
    chosen = SETTINGS | settings
    result = await run(style_analyzer, note, language=language, settings=chosen, demonstration=is_demonstration)
    data: dict[str, Any] = result.data
    return data


def reason_of(data: dict[str, Any]) -> str | None:
    return next((one["reason"] for one in data["not_available"] if one["field"] == "judgements"), None)


async def test_a_connected_model_judges_tone_and_pacing() -> None:
    data = await analyse(Scripted(lambda prompt: ANSWER))
    assert data["judgements"] == [
        {"about": "tone", "text": "Quiet, then anxious.", "made_by": "model", "model": "scripted"},
        {"about": "pacing", "text": "The end hurries.", "made_by": "model", "model": "scripted"},
    ]


async def test_no_model_is_asked_unless_the_settings_say_so() -> None:
    language = Scripted(lambda prompt: ANSWER)
    data = await analyse(language, judgements=False)
    assert "judgements" not in data
    assert language.prompts == []


async def test_the_demonstration_model_does_not_judge() -> None:
    language = Scripted(lambda prompt: ANSWER)
    data = await analyse(language, is_demonstration=True)
    assert "judgements" not in data
    assert "demonstration" in (reason_of(data) or "")
    assert language.prompts == []


@pytest.mark.parametrize("error", [Fault("The model is gone."), Forbidden("The key was not accepted.")])
async def test_a_model_that_fails_leaves_the_analysis_as_it_is(error: Exception) -> None:
    data = await analyse(Scripted(lambda prompt: error))
    assert data["metrics"]["words"] == 7
    assert reason_of(data) == str(error)


async def test_an_answer_that_does_not_fit_is_no_judgement() -> None:
    data = await analyse(Scripted(lambda prompt: "I like it."))
    assert "judgements" not in data
    assert reason_of(data) is not None


def test_of_a_long_text_the_model_reads_beginning_middle_and_end() -> None:
    text = "a" * 20_000 + "b" * 20_000 + "c" * 20_000
    assert [excerpt[0] for excerpt in excerpts_of(text)] == ["a", "b", "c"]
    assert all(len(excerpt) == MAX_EXCERPT_CHARACTERS for excerpt in excerpts_of(text))
    assert excerpts_of("short") == ["short"]
