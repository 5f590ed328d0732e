"""Small templates for tests."""

from typing import Any

from reyna.domain.templates.document import (
    NumberParameter,
    Repetition,
    TemplateBucket,
    TemplateDocument,
    TemplateItem,
    TemplateText,
    TextParameter,
)

CHAPTERS = NumberParameter(name="chapters", label="Chapters", default=2, minimum=0, maximum=20)
HERO = TextParameter(name="hero", label="Hero", default="Mara")


def text(content: str, **more: Any) -> TemplateText:
    return TemplateText(data={"content": content}, **more)


def bucket(
    name: str, *items: TemplateItem, type: str = "scene", times: str | None = None, **more: Any
) -> TemplateBucket:
    repeat = None if times is None else Repetition(times=times, counter=more.pop("counter", "chapter"))
    return TemplateBucket(name=name, type=type, items=items, repeat=repeat, **more)


def document(*items: TemplateItem, parameters: Any = (CHAPTERS, HERO), **more: Any) -> TemplateDocument:
    root = TemplateBucket(name="{title}", type="draft", items=items)
    return TemplateDocument(**({"name": "Sample", "parameters": parameters, "root": root} | more))
