"""Generates the part of the reference of the SDK that follows from the code: its names, signatures and docstrings."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any, Final

import msgspec

import reyna.sdk
import reyna.sdk.processor
import reyna.sdk.testing
from reyna.sdk.language.metered import MeteredLanguage
from reyna.sdk.processor import Description

TESTING: Final = ("run", "rehearse", "a_blob", "RunResult", "MemorySteps")
IN_USE: Final = {"Context": "context", "MeteredLanguage": "context.language", "Processor": "@processor"}
FOR_THE_WORKER: Final = {
    *("Context.end", "MeteredLanguage.add", "MemorySteps.get", "MemorySteps.put"),
    *("Processor.run", "Processor.settings_from"),
}


def sdk() -> str:
    """Returns the sections of all names, in Markdown."""
    sections = [
        _section("`reyna.sdk`", reyna.sdk, reyna.sdk.__all__),
        f"## `context.language`\n\n{_class_body(MeteredLanguage)}",
        f"## Further facts of a `Processor`\n\n{_class_body(Description)}",
        _section("`reyna.sdk.testing`", reyna.sdk.testing, TESTING),
    ]
    return "\n".join(sections).rstrip() + "\n"


def _section(title: str, module: ModuleType, names: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(_entry(name, getattr(module, name)) for name in names)


def _entry(name: str, found: Any) -> str:
    if inspect.isclass(found):
        return f"### `{name}`\n\n{_class_body(found)}"
    if isinstance(found, FunctionType):
        return f"### `{name}`\n\n{_bullet(found)}"
    return f"### `{name}`\n\n`{_alias(name)}`\n"


def _class_body(kind: type) -> str:
    shows_methods = not issubclass(kind, msgspec.Struct | Exception)
    constructor = vars(kind).get("__init__") if kind.__module__.startswith("reyna.sdk") else None
    lines = [_prose(kind), ""]
    if isinstance(constructor, FunctionType) and kind.__name__ in {"Processor", "Refuse", "Retry"}:
        lines += [f"```python\n{kind.__name__}({_arguments(constructor)})\n```", ""]
    lines += [f"- `{field}`" for field in _fields(kind)]
    if shows_methods:
        lines += [_bullet(method).rstrip() for method in _methods(kind)]
    return "\n".join(lines).strip() + "\n"


def _fields(kind: type) -> Iterator[str]:
    """Yields the fields of a struct or a typed dictionary as they are written."""
    for node in _definition(kind).body:
        if isinstance(node, ast.AnnAssign) and not ast.unparse(node.annotation).startswith("ClassVar"):
            yield ast.unparse(node)


def _methods(kind: type) -> Iterator[FunctionType]:
    for name, member in vars(kind).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, FunctionType) and f"{kind.__name__}.{name}" not in FOR_THE_WORKER:
            yield member


def _bullet(function: FunctionType) -> str:
    node = _definition(function)
    waits = "async for … in " if inspect.isasyncgenfunction(function) else ""
    waits = waits or ("await " if isinstance(node, ast.AsyncFunctionDef) else "")
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    call = f"{waits}{_name_in_use(function)}({_arguments(function)}){returned}"
    return f"- `{call}`: {_prose(function, indent=2)}\n"


def _name_in_use(function: FunctionType) -> str:
    """Returns the name by which an author of a processor calls the function."""
    owner, dot, name = function.__qualname__.rpartition(".")
    return f"{IN_USE[owner]}{'' if name == '__call__' else dot + name}" if dot else name


def _arguments(function: FunctionType) -> str:
    node = _definition(function)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise TypeError(function.__name__)
    given = node.args
    given.args = [one for one in given.args if one.arg != "self"]
    return ast.unparse(given)


def _definition(found: Any) -> Any:
    return ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]


def _alias(name: str) -> str:
    for node in ast.parse(inspect.getsource(reyna.sdk.processor)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.unparse(node)
    raise LookupError(name)


def _prose(found: Any, *, indent: int = 0) -> str:
    """Returns the docstring with each of its paragraphs on one line."""
    paragraphs = inspect.cleandoc(found.__doc__ or "").split("\n\n")
    return f"\n\n{' ' * indent}".join(" ".join(paragraph.split()) for paragraph in paragraphs)
