"""Templates from outside, with all that can be wrong with them."""

from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.errors import Invalid, TooLarge, TooMuch
from reyna.domain.templates.checks import MAX_TEMPLATE_BYTES, MAX_TEMPLATE_DEPTH, check_document
from reyna.domain.templates.document import NumberParameter, TemplateBucket, TemplateDocument, TextParameter
from reyna.domain.templates.template import MAX_PREVIEW_NODES, PreviewNode, build_preview, describe_template
from tests.domain.templates.samples import CHAPTERS, HERO, bucket, document, text


def number(**more: Any) -> NumberParameter:
    given: dict[str, Any] = {"name": "n", "label": "N", "default": 1, "maximum": 3} | more
    return NumberParameter(**given)


def nested(depth: int) -> TemplateBucket:
    inner = bucket("x")
    for _ in range(depth - 1):
        inner = bucket("x", inner)
    return inner


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (document(name=" "), "/name"),
        (document(description="\x01"), "/description"),
        (document(description="x" * 2001), "/description"),
        (document(parameters=(HERO, HERO)), "/parameters/1/name"),
        (document(parameters=(replace(HERO, name="title"),)), "/parameters/0/name"),
        (document(parameters=(replace(HERO, name="Hero"),)), "/parameters/0/name"),
        (document(parameters=(TextParameter(name="x", label="", default="y"),)), "/parameters/0/label"),
        (document(parameters=(TextParameter(name="x", label="X", default="y\n"),)), ""),
        (document(parameters=(number(default=4),)), "/parameters/0"),
        (document(parameters=(number(minimum=-1),)), "/parameters/0"),
        (document(parameters=(number(maximum=1001),)), "/parameters/0"),
        (document(parameters=[number(name=f"n{'x' * i}") for i in range(21)]), "/parameters"),
        (document(root=bucket("x", times="chapters")), "/root/repeat"),
        (document(root=bucket(" ")), "/root/name"),
        (document(bucket("x", type="\n")), "/type"),
        (document(bucket("x", times="hero")), "/root/items/0/repeat/times"),
        (document(bucket("x", times="villains")), "/root/items/0/repeat/times"),
        (document(bucket("x", times="chapters", counter="hero")), "/root/items/0/repeat/counter"),
        (document(bucket("x", times="chapters", counter="No")), "/root/items/0/repeat/counter"),
        (document(bucket("{villain}")), "/root/items/0/name"),
        (document(bucket("{chapter}")), "/root/items/0/name"),
        (document(bucket("x", metadata={"a": ["{villain}"]})), "/root/items/0/metadata"),
        (document(bucket("x", text("{villain}"))), "/root/items/0/items/0/data"),
        (document(text("x", label="{villain}")), "/root/items/0/label"),
        (document(text("x", label=" ")), "/root/items/0/label"),
        (document(nested(MAX_TEMPLATE_DEPTH)), "/root" + "/items/0" * MAX_TEMPLATE_DEPTH),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_path(template: TemplateDocument, path: str) -> None:
    if not path:  # a line break around a default is taken away
        check_document(template)
        return
    with pytest.raises(Invalid) as refused:
        check_document(template)
    assert [error.path for error in refused.value.errors] == [path]


def test_what_can_be_used_comes_back_in_its_normal_form() -> None:
    template = document(
        nested(MAX_TEMPLATE_DEPTH - 1), bucket("{hero} {chapter}", times="chapters"), name=" Cafe\u0301 "
    )
    assert check_document(template) == replace(template, name="Café")


def test_a_template_that_could_make_too_much_is_refused() -> None:
    inner = bucket("x", times="chapters", counter="inner")
    for counter in ("a", "b", "c"):
        inner = bucket("x", inner, times="chapters", counter=counter)
    with pytest.raises(TooMuch):
        check_document(document(inner))


def test_a_template_of_more_bytes_than_allowed_is_refused() -> None:
    with pytest.raises(TooLarge):
        check_document(document(*[text("x" * 1_000_000) for _ in range(MAX_TEMPLATE_BYTES // 1_000_000 + 1)]))


def test_a_preview_has_each_repeated_bucket_once() -> None:
    chapter = bucket("Chapter {chapter}", text("\n"), times="chapters")
    preview = build_preview(document(chapter, text("{hero} goes\nhome")))
    assert (preview.name, preview.type) == ("Sample", "draft")
    assert preview.children == (
        PreviewNode(
            kind="bucket",
            name="Chapter 1",
            type="scene",
            times=2,
            repeat="chapters",
            children=(PreviewNode(kind="text", name="text-input-v1"),),
        ),
        PreviewNode(kind="text", name="Mara goes"),
    )


def test_a_preview_of_a_large_template_shows_what_is_near_the_top() -> None:
    deep = [bucket(f"b{number}", *[text(f"t{index}") for index in range(50)]) for number in range(20)]
    preview = build_preview(document(*deep))
    assert [child.name for child in preview.children] == [f"b{number}" for number in range(20)]
    assert len(preview.children) + sum(len(child.children) for child in preview.children) == MAX_PREVIEW_NODES
    assert (preview.more, preview.children[0].more, preview.children[-1].more) == (0, 0, 50)


def test_a_template_counts_what_it_makes_with_its_defaults() -> None:
    made = describe_template(
        document(bucket("x", text("y"), bucket("z"), times="chapters"), text("w")), id="template-1", user_id="user-ana"
    )
    assert (made.bucket_count, made.text_count, made.parameters) == (5, 3, (CHAPTERS, HERO))
