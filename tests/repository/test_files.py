"""Every file of the project opens with a docstring, is short, finished and named after what it holds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.repository.structure import parse

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "bench", "docs", "web/src", ".ci")
SINGLE = ("Makefile", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml")
WRITTEN = {".py", ".md", ".toml", ".ts", ".tsx", ".css", ".html", ".json", ""}
MADE = {"generated", "node_modules", "page", "__pycache__"}  # by tools, not by people
MAX_LINES_PER_FILE = 450  # a file that is longer holds two things
MAX_LINES_PER_FUNCTION = 50
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
VAGUE_CLASS = re.compile(r"\bclass \w*(?:Man" r"ager|Hel" r"per|Fac" r"tory|Uti" r"ls?)\b")
VAGUE_FILE = re.compile(r"(?:uti" r"ls?|hel" r"pers?|com" r"mon|ba" r"se|mi" r"sc)\.(?:py|tsx?)")


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in WRITTEN and not MADE & set(path.parts):
                yield path
    for name in SINGLE:
        if (ROOT / name).is_file():
            yield ROOT / name


FILES = sorted(files())
CODE = [path for path in FILES if path.suffix in {".py", ".ts", ".tsx", ".css"}]
MODULES = [path for path in FILES if path.suffix == ".py"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_module_opens_by_saying_what_lives_there() -> None:
    silent = [name_of(path) for path in MODULES if path.stat().st_size and not ast.get_docstring(parse(path))]
    assert silent == []


def test_every_file_can_be_read_in_one_sitting() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES_PER_FILE} == {}


def test_every_function_fits_on_a_screen() -> None:
    functions = {
        f"{name_of(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in functions.items() if length > MAX_LINES_PER_FUNCTION} == {}


def test_nothing_is_left_for_later() -> None:
    assert [name_of(path) for path in FILES if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_names_say_what_a_thing_is() -> None:
    assert [name_of(path) for path in CODE if VAGUE_FILE.fullmatch(path.name)] == []
    assert [found for path in CODE for found in VAGUE_CLASS.findall(path.read_text(encoding="utf-8"))] == []


def test_no_check_in_the_product_is_an_assertion_that_can_be_switched_off() -> None:
    bare = []
    for path in (path for path in MODULES if name_of(path).startswith("src/")):
        lines = path.read_text(encoding="utf-8").splitlines()
        asserts = [node.lineno for node in ast.walk(parse(path)) if isinstance(node, ast.Assert)]
        bare += [f"{name_of(path)}:{line}" for line in asserts if "noqa: S101 - " not in lines[line - 1]]
    assert bare == []


def test_no_message_cuts_a_text_inside_of_a_sign() -> None:
    """`cut` of `domain/text/clusters.py` ends before the sign that would not fit; a slice may end in half an emoji."""
    found = []
    for path in (path for path in MODULES if name_of(path).startswith("src/")):
        for node in ast.walk(parse(path)):
            match node:
                case ast.FormattedValue(value=ast.Subscript(slice=ast.Slice(lower=None, upper=ast.expr()))):
                    found += [] if node.conversion == ord("r") else [f"{name_of(path)}:{node.lineno}"]
    assert found == []


def test_tests_patch_nothing_and_wait_for_what_happens() -> None:
    found = []
    for path in (path for path in MODULES if name_of(path).startswith("tests/")):
        for node in ast.walk(parse(path)):
            match node:
                case ast.arg(arg="monkeypatch" | "mocker") | ast.ImportFrom(module="unittest.mock"):
                    found.append(f"{name_of(path)}:{node.lineno}")
                case ast.Call(func=ast.Attribute(attr="sleep"), args=[seconds]) if is_a_pause(seconds):
                    found.append(f"{name_of(path)}:{node.lineno}")
    assert found == []


def is_a_pause(seconds: ast.expr) -> bool:
    """Letting others have a turn is none; one that is itself what is tried out has a name."""
    seconds_text = ast.unparse(seconds)
    return seconds_text != "0" and not seconds_text.isupper()
