"""Names are found where they are certain, in four languages; a capital letter alone is not enough."""

import pytest

from reyna.library.fidelity.names import find_names


def names(text: str, language: str | None) -> list[str]:
    return [name.text for name in find_names(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("English", "The keeper asked Mara Quill for the key. Mara's hand shook.", ["Mara Quill", "Mara's"]),
        ("English", "Rain fell on Lisbon. Waves broke. Nobody came on Monday, and I slept.", ["Lisbon"]),
        ("English", 'She said, "Come here." Then Captain Ahab laughed.', ["Ahab"]),
        ("English", "Sarah laughed. Darkness came.", ["Sarah"]),
        ("English", "STOP, she cried. Never stop: Everything burned.", []),
        ("Spanish", "En Toledo vivía doña Inés. Nadie la visitaba, y Dios callaba.", ["Toledo", "Inés", "Dios"]),
        ("French", "Le soir, Émile rentra à Rouen. Personne ne parlait à Émile.", ["Émile", "Rouen", "Émile"]),
        (
            "German",
            "Die Frau nahm den Brief mit. Frau Lindgren schwieg, und Anna ging.",
            ["Lindgren", "Anna"],
        ),
        ("German", "Der Regen fiel auf das Dach. Im Haus war Licht.", []),
        (None, "Kaupunki nukkui Tampereella.", []),
    ],
)
def test_names_of_a_language(language: str | None, text: str, expected: list[str]) -> None:
    assert names(text, language) == expected


def test_a_name_at_the_beginning_counts_when_it_is_known_from_elsewhere() -> None:
    assert names("Quill came. The men saw Quill.", "English") == ["Quill", "Quill"]
    assert names("Quill came.", "English") == []
    assert [name.text for name in find_names("Quill came.", "English", known=["quill"])] == ["Quill"]


def test_places_are_those_in_the_text() -> None:
    text = "They reached Port Ellen."
    (name,) = find_names(text, "English")
    assert text[name.start : name.end] == "Port Ellen"
