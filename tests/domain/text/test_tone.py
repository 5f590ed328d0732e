"""The tone of a text follows its rules."""

import pytest

from reyna.domain.text.tone import detect_tone


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("What a day! We won! 🎉", "lively"),
        ("Thunder rolled in the dark and the crew screamed in fear.", "tense"),
        ("She smiled at her dear friend and gave him a warm hug.", "warm"),
        ("The committee evaluated alternative procurement procedures regarding infrastructure.", "formal"),
        ("The bus left at ten and came back at two.", "neutral"),
    ],
)
def test_tone_follows_its_rules(text: str, tone: str) -> None:
    assert detect_tone(text) == tone
