"""The language of a text is detected by its small words."""

import pytest

from reyna.domain.text.languages import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ship sailed into the storm and it was dark.", "English"),
        ("Der Zug hielt um Mitternacht, und niemand stieg aus.", "German"),
        ("Le train est dans la gare et il ne part pas.", "French"),
        ("Zug Bahnhof Mitternacht", None),
    ],
)
def test_a_language_is_known_by_its_small_words(text: str, language: str | None) -> None:
    assert detect_language(text) == language
