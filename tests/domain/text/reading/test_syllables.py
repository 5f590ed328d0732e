"""Syllables are counted as a speaker of the language would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.reading.syllables import count_syllables, has_syllables

ENGLISH = (
    "ship:1 sailed:1 table:2 wanted:2 dedicated:4 readability:5 the:1 names:1 horses:2 café:2 strength:1 something:2 "
    "everything:3 business:2 area:3 idea:3 nation:2 social:2 various:3 people:2 player:2 played:1 going:2 quiet:2 "
    "create:2 museum:3 didn't:2 completely:3 careful:2 whole:1 realism:4 3:1"
)
GERMAN = (
    "Haus:1 Theater:3 Familie:3 Nation:3 Quelle:2 Donaudampfschifffahrt:5 Übung:2 Eier:2 Mädchen:2 ging:1 Straße:2 "
    "Bäume:2 Meer:1 Boot:1 Ruine:3 Bahnhof:2 Zeitung:2 Universität:5 aktuell:3"
)
SPANISH = (
    "ahora:3 país:2 aéreo:4 guerra:2 guía:2 ruido:2 viuda:2 construir:2 muy:1 y:1 Raúl:2 lingüística:4 murciélago:4 "
    "día:2 noche:2 quería:3 aire:2 ciudad:2 también:2 mayor:2 yo:1 rey:1 poeta:3 héroe:3 viernes:2 había:3 cuyo:2"
)
FRENCH = (
    "maison:2 eau:1 oiseau:2 table:1 porte:1 théâtre:2 parlaient:2 pied:1 bien:1 nation:2 crier:2 oublier:3 souvent:2 "
    "homme:1 femmes:1 chat:1 été:2 idée:2 noël:2 quatre:1 guerre:1 voyage:2 lentement:3 aujourd'hui:3 monsieur:2 "
    "nuit:1 lieu:1 heureux:2 rue:1 feuille:1 soleil:2 fille:1 étoile:2 les:1 que:1 avaient:2 accueil:2 fauteuil:2 "
    "bourgeois:2 réveillèrent:3"
)
COUNTED = [
    (word, language, int(count))
    for language, text in (("en", ENGLISH), ("de", GERMAN), ("es", SPANISH), ("fr", FRENCH))
    for word, count in (entry.split(":") for entry in text.split())
]


@pytest.mark.parametrize(("word", "language", "count"), COUNTED)
def test_syllables_are_counted_as_spoken(word: str, language: str, count: int) -> None:
    assert count_syllables(word, language) == count


@given(st.text(max_size=30), st.sampled_from(["en", "de", "es", "fr"]))
def test_every_word_has_a_syllable_and_no_more_than_letters(word: str, language: str) -> None:
    assert 1 <= count_syllables(word, language) <= max(1, 2 * len(word.lower()))


def test_languages_without_rules_are_known() -> None:
    assert has_syllables("en")
    assert not has_syllables("ja")
    assert not has_syllables(None)
