"""What is measured, against values that were computed elsewhere or counted by hand."""

import pytest

from reyna.library.style_analysis.measures.lexical_diversity import hdd, mtld
from tests.library.style_analysis.analyses import analyse_text

# Both values by the package lexical-diversity 0.1.1 of K. Kyle, for the same words.
KEEPER = (
    "when the lamp was lit the keeper climbed down again and sat by the fire with his book the wind rose and the rain "
    "came and the sea beat on the rocks below he read until the words ran together then he slept and in his sleep he "
    "heard the bell that hung on the buoy ring and ring until a ship that had lost her way turned her bow to the open "
    "water and was gone before the morning came"
)


def test_lexical_diversity_agrees_with_another_implementation() -> None:
    words = KEEPER.split()
    assert len(words) == 81
    assert mtld(words) == pytest.approx(49.76329787234043)
    assert hdd(words) == pytest.approx(0.7587610103257988)


def test_lexical_diversity_at_its_limits() -> None:
    different = [f"w{number}" for number in range(100)]
    assert hdd(different) == pytest.approx(1.0)
    assert mtld(different) == 100.0
    assert mtld(["same"] * 100) == pytest.approx(10.0)


def test_a_short_text_is_counted_as_by_hand() -> None:
    """Twelve words with thirteen syllables, in two sentences; ten of the words are spoken."""
    metrics = analyse_text("“I will not go out into the rain,” she said. “Then stay.”", language="en")["metrics"]
    assert (metrics["words"], metrics["sentences"], metrics["paragraphs"]) == (12, 2, 1)
    assert metrics["dialogue_share"] == round(10 / 12, 3)
    assert (metrics["average_sentence_words"], metrics["longest_sentence_words"]) == (6.0, 10)
    assert metrics["sentence_length_deviation"] == 4.0
    assert metrics["syllables"] == 13


def test_sentence_lengths_are_in_classes() -> None:
    classes = analyse_text("One. Two words. " + "word " * 12 + ". " + "word " * 60 + ".", language="en")[
        "sentence_lengths"
    ]
    assert [(one["from"], one.get("to"), one["count"]) for one in classes if one["count"]] == [
        (1, 5, 2),
        (11, 15, 1),
        (51, None, 1),
    ]


TOLD = [
    ("I opened my door and looked at him. My hands shook. I was cold. He had gone.", "en", "first person, past"),
    ("She opens her door. He is there; she sees that he has it. She says no. He goes.", "en", "third person, present"),
    ("You are late and you know it. You are cold. It is wet, he is gone, she is ill.", "en", "second person, present"),
    ("Sie öffnete ihr Fenster. Er war da, und sie sah ihn. Er sagte nichts. Sie hatte ihr Ziel und ging.", "de",
     "third person, past"),
    ("Yo tenía miedo. Me dijo que era tarde, y mi madre estaba lejos. Yo no sabía nada. Me fui.", "es",
     "first person, past"),
    ("Elle ouvrait sa porte. Il était là, elle le voyait. Il avait sa lettre. Elle pleurait.", "fr",
     "third person, past"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "voice"), TOLD, ids=["en-1", "en-3", "en-2", "de", "es", "fr"])
def test_who_tells_it_and_when(text: str, language: str, voice: str) -> None:
    assert analyse_text(text, language=language)["voice"] == f"{voice} tense"


def test_what_people_say_is_not_the_narrator() -> None:
    text = (
        "She opened her door. “I am cold, I am ill and I want my coat,” said he. She gave him her coat and he took it."
    )
    assert analyse_text(text, language="en")["narration"]["point_of_view"] == "third"


def test_sentiment_is_turned_by_a_negation() -> None:
    good = "They were happy and loved the bright morning; a friend laughed with joy."
    bad = "They were not happy. Nobody loved it. There was no joy, never a friend, and hate and fear."
    assert analyse_text(good, language="en")["metrics"]["sentiment"] == 1.0
    assert analyse_text(bad, language="en")["metrics"]["sentiment"] == -1.0


def test_pace_follows_the_length_of_sentences() -> None:
    slow = ("The long road went down from the hills through the fields and past the mill to the sea. " * 20).strip()
    fast = "He ran on. " * 80
    data = analyse_text(f"{slow}\n\n{fast}\n\n{slow}", findings=(), language="en")
    paces = [section["pace"] for section in data["sections"]]
    assert paces[0] == "slow"
    assert "fast" in paces


def test_the_formulas_of_each_language_are_those_that_exist_for_it() -> None:
    formulas = {
        code: {one["formula"] for one in analyse_text("Ana ate two.", findings=(), language=code)["readability"]}
        for code in ("en", "de", "es", "fr", "it")
    }
    assert formulas["de"] == {"amstad", "wiener_sachtextformel", "lix"}
    assert formulas["es"] == {"fernandez_huerta", "szigriszt_pazos", "lix"}
    assert formulas["fr"] == {"kandel_moles", "lix"}
    assert formulas["it"] == {"lix"}
    assert "smog" not in formulas["en"]
    assert "smog" in {
        one["formula"] for one in analyse_text("He left. " * 30, findings=(), language="en")["readability"]
    }


def test_flesch_is_not_claimed_for_german() -> None:
    data = analyse_text("Der Zug hielt um Mitternacht, und niemand stieg aus.", findings=())
    assert data["language"] == "de"
    assert "reading_ease" not in data["metrics"]
    assert "metrics.reading_ease" in {one["field"] for one in data["not_available"]}
    assert data["readability"][0] == {"formula": "amstad", "name": "Amstad", "scale": "ease", "value": 93.0}
