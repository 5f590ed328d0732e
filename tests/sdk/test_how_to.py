"""The snippets of the page that shows how to write a processor, run as they stand there."""

import re
from pathlib import Path
from typing import Any, Final

from reyna.sdk import Blob, Context, Processor, Prompt
from reyna.sdk.testing import a_blob, run
from tests.library.scripted_model import Scripted

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/write-a-processor.md"


def snippets() -> list[str]:
    """Returns the Python snippets of the page that declare a processor or its function, in order."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if "@shouting" in block]


async def test_the_processor_of_the_page_runs_as_it_is_written_there() -> None:
    names: dict[str, Any] = {}
    exec(snippets()[0], names)  # noqa: S102 - our own documentation
    made = await run(names["shouting"], a_blob("text-input-v1", {"content": "ahoy"}), settings={"loud": True})
    assert made.data == {"content": "AHOY"}


async def test_the_plain_function_of_the_page_uses_no_name_that_is_not_there() -> None:
    names: dict[str, Any] = {}
    for snippet in snippets():
        exec(snippet, names)  # noqa: S102
    code = names["make"].__code__
    assert set(code.co_names) - set(dir(a_blob("text-input-v1", {}))) - ATTRIBUTES <= names.keys()


async def test_the_text_of_a_model_is_shown_while_it_is_written_as_the_page_says() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (snippet,) = [block for block in blocks if "write_and_show" in block]
    names: dict[str, Any] = {"Prompt": Prompt, "Context": Context}
    exec(snippet, names)  # noqa: S102
    telling = Processor("telling", takes="text-input-v1", makes="text-input-v1")

    @telling
    async def tell(blob: Blob, context: Context[None]) -> dict[str, Any]:
        prompt = Prompt(system="", user=blob.data["content"], max_tokens=50)
        return {"content": await names["write_and_show"](prompt, context)}

    note = a_blob("text-input-v1", {"content": "Tell."})
    made = await run(telling, note, language=Scripted(lambda prompt: "The ship sails"))
    assert made.data == {"content": "The ship sails "}
    assert [text for _, text in made.reports] == ["The ", "The ship ", "The ship sails "]


ATTRIBUTES: Final = frozenset({"iterate", "blobs", "wait", "progress", "language", "complete", "text"})
