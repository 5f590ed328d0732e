"""The modules of the SDK: those that a processor and its command import, and those that these import in turn."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOTS: Final = ("reyna.sdk", "reyna.sdk.command.main", "reyna.sdk.testing")
FURTHER_FILES: Final = ("reyna/__main__.py", "reyna/py.typed")  # the first one imports the studio where there is one


def closure_files(sources: Path) -> list[Path]:
    """Returns the files of the SDK below `sources`, relative to it."""
    found, waiting = set[Path](), [path for root in ROOTS for path in module_files(sources, root)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [file for name in imported_names(sources / path) for file in module_files(sources, name)]
    return sorted(found | {Path(name) for name in FURTHER_FILES})


def imported_names(path: Path) -> Iterator[str]:
    """Yields the dotted names that a file imports anywhere, also inside of functions, but for types alone."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pending += node.orelse
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)  # may be modules themselves
            case _:
                pending += ast.iter_child_nodes(node)


def module_files(sources: Path, name: str) -> list[Path]:
    """Returns the files that importing `name` runs: packages first. None for what is not below `sources`."""
    files, folder = list[Path](), Path()
    for part in name.split("."):
        if (sources / folder / f"{part}.py").is_file():
            return [*files, folder / f"{part}.py"]
        folder /= part
        if not (sources / folder / "__init__.py").is_file():
            return files
        files.append(folder / "__init__.py")
    return files
