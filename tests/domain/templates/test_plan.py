"""The buckets and texts that a template becomes."""

import pytest

from reyna.domain.errors import Invalid, TooMuch
from reyna.domain.templates.document import NumberParameter, Repetition, TemplateBucket, TemplateDocument
from reyna.domain.templates.plan import MAX_PLANNED_ITEMS, Plan, PlannedBucket, PlannedText, build_plan, check_values
from tests.domain.templates.samples import CHAPTERS, HERO, bucket, document, text


def plan_of(template: TemplateDocument, **given: int | str) -> Plan:
    return build_plan(template, "My book", check_values(template.parameters, given))


def names_of(plan: Plan) -> list[str]:
    return [one.name if isinstance(one, PlannedBucket) else one.data["content"] for one in plan.items]


def test_a_repeated_bucket_is_made_as_often_as_its_parameter_says() -> None:
    template = document(bucket("Chapter {chapter}", text("{hero} in {chapter}"), times="chapters"), bucket("End"))
    assert names_of(plan_of(template)) == [
        *("My book", "Chapter 1", "Mara in 1", "Chapter 2", "Mara in 2", "End"),
    ]
    assert names_of(plan_of(template, chapters=0)) == ["My book", "End"]
    assert names_of(plan_of(template, chapters=1, hero="Bo"))[1:3] == ["Chapter 1", "Bo in 1"]


def test_a_counter_goes_on_through_the_whole_template_unless_it_restarts() -> None:
    def numbered(restart: bool) -> list[str]:
        repeat = Repetition(times="chapters", counter="chapter", restart=restart)
        chapter = TemplateBucket(name="{part}.{chapter}", type="scene", repeat=repeat)
        return names_of(plan_of(document(bucket("Part {part}", chapter, times="chapters", counter="part"))))

    assert numbered(False) == ["My book", "Part 1", "1.1", "1.2", "Part 2", "2.3", "2.4"]
    assert numbered(True) == ["My book", "Part 1", "1.1", "1.2", "Part 2", "2.1", "2.2"]


def test_items_know_the_bucket_that_they_go_into() -> None:
    plan = plan_of(document(bucket("One", text("a")), text("b"), bucket("Two", text("c"))))
    assert [one.parent for one in plan.items] == [None, 0, 1, 0, 0, 2]


def test_braces_are_written_twice_and_a_lone_one_stays() -> None:
    plan = plan_of(document(text("{{hero}} is {hero}, {title} {not a name} }{ }} {{")))
    assert plan.items[1] == PlannedText(
        parent=0,
        schema_id="text-input-v1",
        data={"content": "{hero} is Mara, My book {not a name} }{ } {"},
        label=None,
    )


def test_a_value_of_metadata_that_is_a_number_alone_becomes_the_number() -> None:
    metadata = {"number": "{chapter}", "of": ["{chapters}", "{hero}"], "text": "No. {chapter}", "title": "{title}"}
    plan = plan_of(document(bucket("x", times="chapters", metadata=metadata)), chapters=1)
    made = plan.items[1]
    assert isinstance(made, PlannedBucket)
    assert made.metadata == {"number": 1, "of": [1, "Mara"], "text": "No. 1", "title": "My book"}


def test_the_value_of_a_parameter_is_no_template_itself() -> None:
    assert names_of(plan_of(document(text("{hero}")), hero="{title} {{x}}"))[1] == "{title} {{x}}"


def test_a_long_value_does_not_make_a_name_too_long() -> None:
    plan = plan_of(document(bucket("{hero} and {hero}")), hero="x" * 200)
    assert names_of(plan)[1] == "x" * 199 + "…" or len(names_of(plan)[1]) <= 200


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"chapters": 21}, "/parameters/chapters"),
        ({"chapters": -1}, "/parameters/chapters"),
        ({"chapters": "3"}, "/parameters/chapters"),
        ({"hero": 3}, "/parameters/hero"),
        ({"hero": " "}, "/parameters/hero"),
        ({"hero": "a\nb"}, "/parameters/hero"),
        ({"villain": "Bo"}, "/parameters/villain"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_path(given: dict[str, int | str], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_values((CHAPTERS, HERO), given)
    assert [error.path for error in refused.value.errors] == [path]


def test_more_than_a_write_takes_is_refused() -> None:
    many = NumberParameter(name="chapters", label="Chapters", default=1, maximum=1000)
    notes = [text("x") for _ in range(MAX_PLANNED_ITEMS // 1000)]
    template = document(bucket("x", *notes, times="chapters"), parameters=(many,))
    with pytest.raises(TooMuch):
        plan_of(template, chapters=1000)
    assert len(plan_of(template, chapters=900).items) == 900 * 11 + 1


def test_more_data_than_a_write_takes_is_refused() -> None:
    many = NumberParameter(name="chapters", label="Chapters", default=1, maximum=1000)
    with pytest.raises(TooMuch):
        plan_of(document(bucket("x", text("y" * 100_000), times="chapters"), parameters=(many,)), chapters=1000)
