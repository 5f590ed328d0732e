"""Opening sentences of public-domain novels, with words, sentences and syllables counted by hand."""

from typing import Any, Final

import pytest

from tests.library.style_analysis.analyses import analyse_text, found

AUSTEN: Final = (
    "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want "
    "of a wife. However little known the feelings or views of such a man may be on his first entering a "
    "neighbourhood, this truth is so well fixed in the minds of the surrounding families, that he is considered "
    "as the rightful property of some one or other of their daughters."
)  # Pride and Prejudice, 1813
KAFKA: Final = (
    "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu einem "
    "ungeheueren Ungeziefer verwandelt. Er lag auf seinem panzerartig harten Rücken und sah, wenn er den Kopf ein "
    "wenig hob, seinen gewölbten, braunen, von bogenförmigen Versteifungen geteilten Bauch."
)  # Die Verwandlung, 1915
CERVANTES: Final = (
    "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de los "
    "de lanza en astillero, adarga antigua, rocín flaco y galgo corredor."
)  # Don Quijote, 1605
FLAUBERT: Final = (
    "Nous étions à l'étude, quand le Proviseur entra, suivi d'un nouveau habillé en bourgeois et d'un garçon de "
    "classe qui portait un grand pupitre. Ceux qui dormaient se réveillèrent, et chacun se leva comme surpris "
    "dans son travail."
)  # Madame Bovary, 1857
COUNTED: Final = [
    (AUSTEN, "en", (71, 2, 100), {"flesch_reading_ease": 206.835 - 1.015 * 35.5 - 84.6 * 100 / 71}),
    (KAFKA, "de", (44, 2, 85), {"amstad": 180 - 22 - 58.5 * 85 / 44}),
    (CERVANTES, "es", (33, 1, 60), {"szigriszt_pazos": 206.835 - 62.3 * 60 / 33 - 33}),
    (FLAUBERT, "fr", (38, 2, 58), {"kandel_moles": 207 - 1.015 * 19 - 73.6 * 58 / 38}),
]


@pytest.mark.parametrize(
    ("text", "language", "counts", "ease"), COUNTED, ids=["austen", "kafka", "cervantes", "flaubert"]
)
def test_the_counts_are_those_of_a_reader(
    text: str, language: str, counts: tuple[int, int, int], ease: dict[str, float]
) -> None:
    data: dict[str, Any] = analyse_text(text, findings=())
    metrics = data["metrics"]
    assert data["language"] == language
    assert (metrics["words"], metrics["sentences"], metrics["syllables"]) == counts
    values = {one["formula"]: one["value"] for one in data["readability"]}
    assert {formula: values[formula] for formula in ease} == pytest.approx(ease, abs=0.05)


def test_the_findings_are_those_of_a_reader() -> None:
    assert found(AUSTEN, "passive") == ["is so well fixed", "is considered"]
    assert found(AUSTEN, "adverb") == ["universally"]
    assert [quote[:14] for quote in found(AUSTEN, "long_sentence")] == ["However little"]
    assert found(KAFKA, "passive") == []
    assert found(AUSTEN, "grammar") == []
