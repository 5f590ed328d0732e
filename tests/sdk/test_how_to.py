"""The snippets of the page that shows how to write a processor, run as they stand there."""

import re
from pathlib import Path
from typing import Any, Final

from reyna.sdk.testing import a_blob, run

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


ATTRIBUTES: Final = frozenset({"iterate", "blobs", "wait", "progress", "language", "complete", "text"})
