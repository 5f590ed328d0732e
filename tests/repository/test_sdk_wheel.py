"""The wheel `reyna-sdk` holds what processors import and no more, and asks for what that imports and no more."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reyna.sdk.command.main import main
from sdk_modules import FURTHER_FILES, closure_files, imported_names

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "src"
# A package more is a promise to strangers, and weight on their machines.
ALLOWED_PACKAGES: Final = {"domain", "ports", "sdk", "validation"}
HEAVY: Final = {"asyncpg", "httpx", "joserfc", "jsonschema_rs", "litestar", "nats", "openai", "rich", "sqlalchemy"}


def project(path: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]
    return found


def test_the_sdk_holds_nothing_of_services_adapters_or_the_application() -> None:
    packages = {file.parts[1] for file in closure_files(SOURCES) if len(file.parts) > 2}
    assert packages == ALLOWED_PACKAGES


def test_whatever_the_sdk_imports_of_ours_is_in_its_wheel() -> None:
    files = {file.as_posix() for file in closure_files(SOURCES)}
    assert not [name for name in files if not (SOURCES / name).is_file()]
    missing = [
        f"{path}: {name}"
        for path in files - {*FURTHER_FILES}
        for name in ours_imported_by(SOURCES / path)
        if not {f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"} & files
    ]
    assert missing == []


def test_the_sdk_asks_for_what_it_imports_and_no_more() -> None:
    imported = {
        name.partition(".")[0]
        for file in closure_files(SOURCES)
        if file.suffix == ".py"
        for name in imported_names(SOURCES / file)
    }
    third_party = imported - sys.stdlib_module_names - {"reyna"}
    asked = {
        re.split(r"[<>=\[; ]", line)[0].replace("-", "_")
        for line in project("wheels/sdk/pyproject.toml")["dependencies"]
    }
    assert third_party == asked


def test_both_wheels_ask_for_the_same_versions_and_bring_the_same_command() -> None:
    sdk, studio = project("wheels/sdk/pyproject.toml"), project("pyproject.toml")
    assert set(sdk["dependencies"]) <= set(studio["dependencies"])
    assert sdk["scripts"] == studio["scripts"]
    assert sdk["requires-python"] == studio["requires-python"]


def test_importing_the_sdk_imports_nothing_heavy() -> None:
    code = "import reyna.sdk, reyna.sdk.testing, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} & HEAVY == set()


def test_every_option_of_the_command_is_in_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["processor", "run", "--help"])
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert options
    page = (ROOT / "docs/reference/sdk.md").read_text(encoding="utf-8")
    assert [option for option in options if f"| `{option}" not in page] == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import httpx, os.path", ["httpx", "os.path"]),
        ("def call():\n    from reyna.sdk import Processor", ["reyna.sdk", "reyna.sdk.Processor"]),
        ("if TYPE_CHECKING:\n    import openai\nelse:\n    import json", ["json"]),
    ],
)
def test_imports_are_found_where_they_run(source: str, names: list[str], tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(source, encoding="utf-8")
    assert sorted(imported_names(file)) == names


def ours_imported_by(path: Path) -> Iterator[str]:
    """Yields the modules of ours that a file imports; a name in one of them is no module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.suffix == ".py" else ():
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reyna"):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("reyna"))
