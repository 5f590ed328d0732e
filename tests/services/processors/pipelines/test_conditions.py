"""Conditions are parsed with the place of a fault, and have an answer for any data."""

from typing import Any

import pytest

from reyna.domain.errors import Invalid
from reyna.services.processors.pipelines.conditions.evaluation import accepts_blob, is_true
from reyna.services.processors.pipelines.conditions.parsing import check_condition
from tests.services.processors.neighbours import a_blob

DATA: dict[str, Any] = {
    "content": "The ship sailed into the storm.",
    "style": "creative",
    "rating": 4,
    "done": True,
    "tags": ["sea", "night"],
    "metrics": {"words": 6, "deep": [{"x": 1}]},
    "content-type": "prose",
    "nothing": None,
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('words(content) > 5 and style == "creative"', True),
        ("words(content) > 6", False),
        ("words(content) == 6 and length(content) == 31", True),
        ('style in ["creative", "noir"]', True),
        ('style not in ("creative", "noir")', False),
        ('"sea" in tags and not "day" in tags', True),
        ('"storm" in content', True),
        ('contains(content, "SHIP")', True),
        ('contains(tags, "sea")', True),
        ('starts_with(lower(content), "the ship")', True),
        ("metrics.words >= 6", True),
        ("metrics.deep[0].x == 1", True),
        ('metrics["words"] == 6', True),
        ('field("content-type") == "prose"', True),
        ("1 < rating <= 4", True),
        ("rating == -4", False),
        ("done", True),
        ("done == true", True),
        ("done == 1", False),
        ("has(style) and not has(missing) and not has(nothing)", True),
        ("missing == null and missing.deeper == null and tags[9] == null", True),
        ("missing > 3 or missing < 3", False),
        ('rating > "3"', False),
        ("words(missing) == 0 and length(missing) == 0", True),
        ("words(tags) == 2", True),
        ("  rating\n  == 4 ", True),
        ("style", True),
        ("nothing or missing", False),
    ],
)
def test_a_condition_is_true_or_false_of_any_data(condition: str, expected: bool) -> None:
    check_condition(condition, "/when")
    assert is_true(condition, DATA) is expected


@pytest.mark.parametrize("data", [None, 3, "text", ["a"], {}])
def test_data_that_is_no_object_has_no_fields(data: Any) -> None:
    assert not is_true("rating > 3", data)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "empty"),
        ("rating >", "character 9"),
        ("rating = 3", "character"),
        ("wörter == 'ä' and count(style) > 1", "no function count; there are contains"),
        ("wörter == 'ä' and count(style) > 1", "character 19"),
        ("words(content, 3) > 1", "words takes 1"),
        ("words(text=content) > 1", "no names of arguments"),
        ("rating ** 9 > 1", "character 1"),
        ("rating + 1 > 1", "character 1"),
        ("[x for x in tags]", "no part of a condition"),
        ("(lambda: 1)()", "no function here"),
        ("style.upper()", "no function here"),
        ("__import__('os')", "no function __import__"),
        ("f'{style}' == 'x'", "no part of a condition"),
        ("style is null", "no part of a condition"),
        ("rating if done else 3", "no part of a condition"),
        ("'a'.b", "only a field"),
        ("tags[0:1]", "no part of a condition"),
        ("field(style)", "field takes one name"),
        ("-style > 1", "no part of a condition"),
        ("(" * 300 + "1" + ")" * 180, "cannot be read"),
        ("not " * 120 + "done", "more than 100 parts"),
        ("style == '" + "a" * 600 + "'", "longer than 500"),
    ],
)
def test_a_text_that_is_no_condition_is_refused_with_the_place(condition: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_condition(condition, "/stages/1/when")
    assert message in refusal.value.detail
    assert refusal.value.errors[0].path == "/stages/1/when"


async def test_a_long_text_is_counted_within_limits() -> None:
    blob = a_blob("user-ana", data={"content": "word " * 300_000}, size=1_500_000)
    assert await accepts_blob("words(content) > 100000", blob)
    assert await accepts_blob(None, blob)
