"""The files that `reyna processor new` writes: a processor and its test, which both work as they are."""

from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart, Invalid
from reyna.domain.ids import check_slug

PROCESSOR: Final = '''"""{title}: one sentence that says what it makes of a note."""

import msgspec

from reyna.sdk import Blob, Context, Processor, Refuse


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a user may change."""

    loud: bool = True


{name} = Processor("{id}", takes="text-input-v1", makes="text-input-v1", settings=Settings, trigger="manual")


@{name}
async def make(blob: Blob, context: Context[Settings]) -> dict:
    """Returns the data of a new blob, which is derived from this one and placed beside it."""
    content = blob.data["content"]
    if not content.strip():
        raise Refuse("There is nothing written yet.")
    await context.progress(0.5)
    return {{"content": content.upper() if context.settings.loud else content}}
'''
TEST: Final = '''"""Tests of {name}, with nothing else running: `python -m unittest`, or `pytest`."""

import unittest

from reyna.sdk import Refuse
from reyna.sdk.testing import a_blob, run

from {name} import {name}


class Tests(unittest.IsolatedAsyncioTestCase):
    async def test_it_makes_a_note_loud(self) -> None:
        made = await run({name}, a_blob("text-input-v1", {{"content": "ahoy"}}))
        self.assertEqual(made.data, {{"content": "AHOY"}})

    async def test_a_setting_keeps_it_as_it_is(self) -> None:
        made = await run({name}, a_blob("text-input-v1", {{"content": "ahoy"}}), settings={{"loud": False}})
        self.assertEqual(made.data, {{"content": "ahoy"}})

    async def test_an_empty_note_is_refused(self) -> None:
        with self.assertRaises(Refuse):
            await run({name}, a_blob("text-input-v1", {{"content": " "}}))
'''


def write_scaffold(id: str, folder: Path) -> str:
    """Writes a processor and its test into the folder, and returns the name of its module.

    Raises CannotStart for an id that is none, and when one of the files is there already.
    """
    try:
        check_slug("id", id)
    except Invalid as invalid:
        raise CannotStart(invalid.detail) from None
    name, title = id.replace("-", "_"), id.replace("-", " ").capitalize()
    if not name.isidentifier():
        raise CannotStart(f"{id} cannot be the name of a Python module: begin it with a letter.")
    files = {folder / f"{name}.py": PROCESSOR, folder / f"test_{name}.py": TEST}
    for path in files:
        if path.exists():
            raise CannotStart(f"{path.name} is there already.")
    for path, text in files.items():
        path.write_text(text.format(title=title, id=id, name=name), encoding="utf-8")
    return name
