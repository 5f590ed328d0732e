"""Parses conditions: the grammar is a small part of Python's expressions, and nothing in it can loop or change a value.

A condition is never compiled or executed by Python: its syntax tree is checked node by node, and evaluated by our own
code.
"""

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from reyna.domain.errors import Invalid
from reyna.domain.processing.pipeline import MAX_CONDITION_CHARACTERS
from reyna.services.processors.pipelines.conditions.functions import FUNCTIONS

MAX_NODES: Final = 100
MAX_CACHED_CONDITIONS: Final = 1_000
OPERATORS: Final = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
FIELD: Final = "field"  # the function that names a field whose name is no word, as in field("content-type")
EXPECTED: Final = 'such as words(content) > 100 and style == "creative"'


class _Misplaced(Exception):
    """A node that no condition may contain."""

    def __init__(self, node: ast.expr, message: str) -> None:
        self.node, self.message = node, message
        super().__init__(message)


def check_condition(text: str, path: str) -> None:
    """Raises Invalid at this path, with the place of the fault, for a text that is no condition."""
    if not text.strip():
        raise Invalid.at(path, "is empty", expected=EXPECTED)
    try:
        parse_condition(text)
    except Invalid as invalid:
        raise Invalid.at(path, invalid.detail, expected=EXPECTED) from None


@lru_cache(MAX_CACHED_CONDITIONS)
def parse_condition(text: str) -> ast.expr:
    """Returns the checked syntax tree. Raises Invalid, whose detail says what is wrong at which character."""
    if len(text) > MAX_CONDITION_CHARACTERS:
        raise Invalid(f"is longer than {MAX_CONDITION_CHARACTERS} characters")
    line = " ".join(text.strip().splitlines())
    shift = len(text) - len(text.lstrip())
    tree = _parse_line(line, shift)
    nodes = 0
    try:
        for _ in _checked(tree):
            nodes += 1
            if nodes > MAX_NODES:
                raise Invalid(f"has more than {MAX_NODES} parts")
    except _Misplaced as misplaced:
        place = shift + _character(line, misplaced.node.col_offset)
        raise Invalid(f"{misplaced.message} (at character {place})") from None
    return tree


def _parse_line(line: str, shift: int) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        at_end = not error.offset or (error.lineno or 1) > 1
        place = shift + (len(line) + 1 if at_end else min(error.offset or 1, len(line) + 1))
        raise Invalid(f"cannot be read (at character {place})") from None
    except (ValueError, RecursionError, MemoryError):
        raise Invalid("cannot be read") from None


def _checked(node: ast.expr) -> Iterator[ast.expr]:
    """Yields the node and all below it. Raises _Misplaced."""
    yield node
    for part in _parts_of(node):
        yield from _checked(part)


def _parts_of(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            return parts
        case ast.UnaryOp():
            return _operand_of(node)
        case ast.Compare(left=left, ops=operators, comparators=others):
            return [left, *others] if all(isinstance(operator, OPERATORS) for operator in operators) else _reject(node)
        case ast.Call():
            return _arguments_of(node)
        case ast.Attribute(value=value) | ast.Subscript(value=value, slice=ast.Constant(value=str() | int())):
            return [value] if _is_field(value) else _reject(node, "only a field has fields and items")
        case ast.Name() | ast.Constant(value=str() | int() | float() | None):
            return []
    return _reject(node)


def _operand_of(node: ast.UnaryOp) -> list[ast.expr]:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [operand]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return _reject(node) if isinstance(number, bool) else []
    return _reject(node)


def _arguments_of(call: ast.Call) -> list[ast.expr]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if call.keywords:
        return _reject(call, "functions take no names of arguments")
    if name == FIELD:
        match call.args:
            case [ast.Constant(value=str())]:
                return call.args
        return _reject(call, 'field takes one name, as in field("content-type")')
    if name not in FUNCTIONS:
        return _reject(call, f"there is no function {name or 'here'}; there are {', '.join(sorted(FUNCTIONS))}")
    if len(call.args) != FUNCTIONS[name].arguments:
        return _reject(call, f"{name} takes {FUNCTIONS[name].arguments} argument(s)")
    return call.args


def _is_field(node: ast.expr) -> bool:
    match node:
        case ast.Name() | ast.Call(func=ast.Name(id="field")):
            return True
        case ast.Attribute() | ast.Subscript():
            return True
    return False


def _reject(node: ast.expr, message: str = "this is no part of a condition") -> list[ast.expr]:
    raise _Misplaced(node, message)


def _character(line: str, column: int) -> int:
    """Returns the number of the character, from 1, at this column, which Python counts in bytes."""
    return len(line.encode()[:column].decode(errors="ignore")) + 1
