"""`reyna schema` in a CI pipeline: files, an address, a key, and an exit code."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Router
from typer.testing import CliRunner

from reyna.cli.schema.commands import app
from reyna.services.schemas.routes import routes
from tests.services.schemas.compatibility.known_cases import CLOSED, STRING, with_b
from tests.services.schemas.conftest import build_app, schemas_with
from tests.services.schemas.dry_run.test_dry_run import StoredBlobs
from tests.support.served_app import serve_on_free_port

Says = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A studio's door, with nothing behind it but schemas and a recipe of ana's; a key is its owner's id."""
    schemas = await schemas_with(StoredBlobs("user-ana", [{"a": "soup"}]))

    under_api = [Router("/api", route_handlers=list(routes))]
    async with serve_on_free_port(build_app(schemas, under_api)) as url:
        yield url


@pytest.fixture
def reyna(address: str) -> Says:
    """Run a command; gives its exit code and all that it said."""

    async def say(*words: str, key: str = "user-ana", url: str = address) -> tuple[int, str]:
        # beside the loop that serves: a command has a loop of its own
        done = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--url", url, "--token", key])
        return done.exit_code, done.output

    return say


def a_file(folder: Path, name: str, content: Any) -> str:
    path = folder / name
    path.write_bytes(msgspec.json.encode(content))
    return str(path)


async def test_a_change_goes_from_a_file_through_the_check_into_a_version(reyna: Says, tmp_path: Path) -> None:
    code, said = await reyna("push", a_file(tmp_path, "recipe.json", CLOSED))
    assert (code, said) == (0, "recipe-v1 1.0.0\n")
    code, said = await reyna("check", a_file(tmp_path, "recipe.json", with_b(CLOSED, STRING)))
    assert code == 0
    assert "minor, would be recipe-v1 1.1.0" in said
    code, said = await reyna("push", str(tmp_path / "recipe.json"))
    assert (code, said) == (0, "recipe-v1 1.1.0\n")
    code, said = await reyna("diff", "recipe-v1@1.0.0", "recipe-v1@1.1.0")
    assert code == 0
    assert "breaks forward" in said
    assert (await reyna("diff", "recipe-v1@1.1.0", "recipe-v1@1.0.0"))[0] == 1


async def test_what_breaks_is_shown_and_ends_with_an_error(reyna: Says, tmp_path: Path) -> None:
    await reyna("push", a_file(tmp_path, "recipe.json", CLOSED))
    narrower = a_file(tmp_path, "narrower.json", {"name": "recipe", "json_schema": CLOSED | {"required": ["a"]}})
    code, said = await reyna("check", narrower)
    assert code == 1
    assert "breaks backward  /required  a: was optional, is required" in said
    assert "for example {}" in said
    assert "incompatible (backward): major, would be recipe-v2 2.0.0" in said
    code, said = await reyna("push", narrower, "--version", "1.1.0")
    assert code == 1
    assert "too small" in said
    assert "a: was optional, is required" in said


async def test_a_new_major_is_pushed_with_its_upgrade(reyna: Says, tmp_path: Path) -> None:
    await reyna("push", a_file(tmp_path, "recipe.json", CLOSED))
    renamed = {"properties": {"b": {"type": "string"}}, "additionalProperties": False, "type": "object"}
    new = a_file(tmp_path, "renamed.json", {"name": "recipe", "json_schema": renamed})
    steps = a_file(tmp_path, "steps.json", [{"do": "rename", "path": "/a", "to": "b"}])
    code, said = await reyna("check", new)
    assert (code, "incompatible" in said) == (1, True)
    code, said = await reyna("check", new, "--upgrade", steps)
    assert (code, "0 of 1 stored blobs would not fit after the upgrade." in said) == (0, True)
    code, said = await reyna("check", new, "--upgrade", a_file(tmp_path, "none.json", []))
    assert code == 1
    assert "1 of 1 stored blobs would not fit after the upgrade." in said
    assert 'before {"a":"soup"}' in said
    assert (await reyna("push", new, "--upgrade", steps)) == (0, "recipe-v2 2.0.0\n")
    patch = a_file(tmp_path, "patch.json", [{"op": "move", "from": "/a", "path": "/b"}])
    mended = a_file(tmp_path, "whole.json", {"name": "recipe", "json_schema": renamed, "upgrade": {"patch": []}})
    assert (await reyna("push", mended, "--upgrade", patch)) == (0, "recipe-v2 2.0.0\n")


async def test_schemas_are_listed_and_shown_and_data_is_validated(reyna: Says, tmp_path: Path) -> None:
    assert "text-input-v1" in (await reyna("list"))[1]
    code, said = await reyna("show", "text-input-v1@1.0.0")
    assert code == 0
    assert msgspec.json.decode(said)["title"] == "Text"
    assert (await reyna("validate", "text-input-v1", a_file(tmp_path, "right.json", {"content": "x"})))[0] == 0
    code, said = await reyna("validate", "text-input-v1", a_file(tmp_path, "wrong.json", {"content": 3}))
    assert code == 1
    assert "/content" in said


async def test_what_hinders_is_one_line(reyna: Says, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for words in (
        ("show", "nothing-v1"),
        ("push", str(tmp_path / "broken.json")),
        ("push", a_file(tmp_path, "No Name.json", CLOSED)),
    ):
        code, said = await reyna(*words)
        assert code == 1
        assert said.startswith("reyna: ")
        assert said.count("\n") == 1
    code, said = await reyna("list", url="http://127.0.0.1:9")
    assert (code, "cannot be reached" in said) == (1, True)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000])
async def test_a_file_that_is_no_json_is_named_in_one_line(reyna: Says, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "recipe.json"
    file.write_bytes(content)
    code, said = await reyna("push", str(file))
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"reyna: {file}: ")


@pytest.mark.parametrize("answer", [b"INFO {}\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>"])
async def test_an_address_that_is_no_studio_s_is_named_in_one_line(reyna: Says, answer: bytes) -> None:
    async def answered(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        code, said = await reyna("list", url=url)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"reyna: {url} ")


@pytest.mark.parametrize(("key", "url"), [("a\nb", "http://127.0.0.1:9"), ("ana", "http://["), ("ana", "http://x:y")])
async def test_a_key_or_an_address_that_makes_no_sense_is_said_in_one_line(reyna: Says, key: str, url: str) -> None:
    code, said = await reyna("list", key=key, url=url)
    assert (code, said.count("\n"), said.startswith("reyna: ")) == (1, 1, True)
