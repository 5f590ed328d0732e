"""Writes the map of the folders and the import diagram of `docs/architecture.md`.

`python -m tests.repository.architecture`. The map consists of the docstrings of the packages, the diagram of the
contracts in `pyproject.toml`.
"""

import ast
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.repository.structure import parse

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "src" / "reyna"
DOCUMENT: Final = ROOT / "docs" / "architecture.md"
MAX_DEPTH: Final = 3
BEGIN: Final = "<!-- {} written by `python -m tests.repository.architecture` -->\n"
END: Final = "<!-- end of {} -->\n"


def folder_map() -> str:
    """Returns a table of the packages down to the third level, each with its docstring."""
    packages = sorted(path.parent for path in SOURCES.rglob("__init__.py") if path.parent != SOURCES)
    rows = [_folder_row(package) for package in packages if len(package.relative_to(SOURCES).parts) <= MAX_DEPTH]
    return "| folder | holds |\n|---|---|\n" + "".join(rows)


def _folder_row(package: Path) -> str:
    docstring = ast.get_docstring(parse(package / "__init__.py")) or ""
    sentence = " ".join(docstring.partition("\n\n")[0].split())
    return f"| `{package.relative_to(SOURCES).as_posix()}/` | {sentence} |\n"


def import_diagram() -> str:
    """Returns the layers, the highest first, and the other contracts, in Markdown."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    width = max(map(len, layers))
    rows = "\n".join(f"│ {layer.center(width)} │" for layer in layers)
    boundary = "─" * (width + 2)
    rules = "".join(_rule(contract) for contract in contracts if contract["type"] != "layers")
    return f"```\n┌{boundary}┐\n{rows}\n└{boundary}┘\n```\n\n{rules}"


def _rule(contract: dict[str, Any]) -> str:
    match contract["type"]:
        case "independence":
            return f"- {contract['name']} (`{'`, `'.join(contract['modules'])}`).\n"
        case "forbidden":
            return f"- {contract['name']} (`{'`, `'.join(contract['forbidden_modules'])}`).\n"
        case kind:
            raise ValueError(f"no words for contracts of type {kind}")


SECTIONS: Final[dict[str, Callable[[], str]]] = {"the folder map": folder_map, "the import diagram": import_diagram}


def page_as_generated(page: str) -> str:
    """Returns the page with its generated sections renewed. Raises ValueError when it has no place for one."""
    for name, generate in SECTIONS.items():
        before, begin, rest = page.partition(BEGIN.format(name))
        _, end, after = rest.partition(END.format(name))
        if not begin or not end:
            raise ValueError(f"the page lacks the lines around {name}")
        page = f"{before}{begin}{generate()}{end}{after}"
    return page


if __name__ == "__main__":
    DOCUMENT.write_text(page_as_generated(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
