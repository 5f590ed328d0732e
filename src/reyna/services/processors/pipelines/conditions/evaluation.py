"""Evaluates a condition on the data of a blob: quickly, without side effects, and with an answer for any data."""

import ast
import asyncio
from operator import ge, gt, le, lt
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.services.processors.pipelines.conditions.functions import FUNCTIONS
from reyna.services.processors.pipelines.conditions.parsing import FIELD, parse_condition

MAX_QUICK_BYTES: Final = 50_000  # of a blob whose condition is evaluated at once, and not in a thread
LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
ORDERS: Final = {ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge}


async def accepts_blob(condition: str | None, blob: Blob) -> bool:
    """Returns whether the condition is true of the blob's data; without a condition it is."""
    if condition is None:
        return True
    if blob.size <= MAX_QUICK_BYTES:
        return is_true(condition, blob.data)
    return await asyncio.to_thread(is_true, condition, blob.data)


def is_true(condition: str, data: Any) -> bool:
    """Returns whether the condition is true of this data.

    A field that is not there is null, and values of different kinds are neither equal nor one greater than the other.
    Raises Invalid for a text that is no condition.
    """
    return bool(_value_of(parse_condition(condition), data))


def _value_of(node: ast.expr, data: Any) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value_of(part, data) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value_of(part, data) for part in parts)
        case ast.UnaryOp(op=operator, operand=operand):
            value = _value_of(operand, data)
            return not value if isinstance(operator, ast.Not) else -value
        case ast.Compare(left=left, ops=operators, comparators=others):
            values = [_value_of(part, data) for part in (left, *others)]
            return all(map(_compare, operators, values, values[1:]))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            values = [_value_of(argument, data) for argument in arguments]
            return _field(data, values[0]) if name == FIELD else FUNCTIONS[name].call(*values)
    return _operand(node, data)


def _operand(node: ast.expr, data: Any) -> Any:
    match node:
        case ast.Attribute(value=value, attr=name):
            return _field(_value_of(value, data), name)
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            return _field(_value_of(value, data), key)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value_of(item, data) for item in items]
        case ast.Name(id=name):
            return LITERALS[name] if name in LITERALS else _field(data, name)
        case ast.Constant(value=value):
            return value
    raise AssertionError(node)  # the parser lets no other node through


def _field(value: Any, key: Any) -> Any:
    """Returns a field of an object or an item of a list; None when there is none."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return None


def _compare(operator: ast.cmpop, left: Any, right: Any) -> bool:
    match operator:
        case ast.Eq():
            return _is_equal(left, right)
        case ast.NotEq():
            return not _is_equal(left, right)
        case ast.In():
            return _is_in(left, right)
        case ast.NotIn():
            return not _is_in(left, right)
    kind = _kind(left)
    if kind != _kind(right) or kind not in {"number", "text"}:
        return False
    return bool(ORDERS[type(operator)](left, right))


def _is_in(item: Any, whole: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    return isinstance(whole, list) and any(_is_equal(item, each) for each in whole)


def _is_equal(left: Any, right: Any) -> bool:
    """Compares as JSON does: to Python, 1 and true are equal."""
    return _kind(left) == _kind(right) and bool(left == right)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case None:
            return "null"
    return "list" if isinstance(value, list) else "object"
