"""Upgrades data from one major of a schema to the next: by a JSON Patch, or by named steps."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_DEPTH, encode_json
from reyna.domain.json.reading import pointer
from reyna.domain.schema import Upgrade, UpgradeStep
from reyna.validation.conversion import CONVERSIONS
from reyna.validation.json_patch import MAX_COPIED_BYTES, MAX_PATCH_OPERATIONS, PATCH_OPERATIONS, apply_json_patch

MAX_UPGRADE_BYTES: Final = 64 * 1024
MAX_VISITED_PLACES: Final = 200_000  # by all steps together; some tenths of a second
EACH_ITEM: Final = "*"
POINTER_PATTERN: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
STEPS_TO_A_PLACE: Final = ("move", "copy")  # their `to` is a place
STEPS_TO_A_NAME: Final = ("rename", "wrap")  # their `to` is a name

Place = tuple[str | int, ...]


class _Missing:
    """Marks a place without a value; null is a value."""


MISSING: Final = _Missing()


def apply_upgrade(data: Any, upgrade: Upgrade) -> Any:
    """Returns the upgraded data, which may not fit the new schema; the argument is not changed.

    Raises Invalid, with the path of the step (`/upgrade/steps/3`, `/upgrade/patch/3`), when a step cannot be
    applied to this data; TooLarge for too much work; and what `encode_json` raises for the result.
    """
    if upgrade.patch is not msgspec.UNSET:
        return _apply_patch(data, upgrade.patch)
    interpreter = _StepInterpreter(msgspec.json.decode(encode_json(data)))
    for number, step in enumerate(upgrade.steps or ()):
        try:
            interpreter.apply(step)
        except _StepFailed as failure:
            raise Invalid.at(f"/upgrade/steps/{number}", f"{step.do} {step.path}: {failure}") from None
    encode_json(interpreter.data)
    return interpreter.data


def check_upgrade(upgrade: Upgrade) -> None:
    """Raises Invalid, with the path of the error, and TooLarge for an upgrade that is malformed whatever the data."""
    if (upgrade.patch is msgspec.UNSET) == (upgrade.steps is msgspec.UNSET):
        raise Invalid.at("/upgrade", "is either a patch or steps", expected="exactly one of patch, steps")
    encode_json(msgspec.to_builtins(upgrade), most=MAX_UPGRADE_BYTES, field="upgrade")
    operations: Any = upgrade.patch if upgrade.patch is not msgspec.UNSET else upgrade.steps
    if len(operations) > MAX_PATCH_OPERATIONS:
        raise Invalid.at("/upgrade", "has too many steps", expected=f"at most {MAX_PATCH_OPERATIONS:,}")
    for number, operation in enumerate(operations):
        if isinstance(operation, UpgradeStep):
            _check_step(operation, f"/upgrade/steps/{number}")
        else:
            _check_operation(operation, f"/upgrade/patch/{number}")


def _apply_patch(data: Any, patch: tuple[dict[str, Any], ...]) -> Any:
    try:
        return apply_json_patch(data, patch)
    except Invalid as refusal:
        error = refusal.errors[0]
        path = error.path.replace("/json_patch", "/upgrade/patch", 1)
        raise Invalid.at(path, error.message, expected=error.expected) from None


def _check_operation(operation: Mapping[str, Any], at: str) -> None:
    if operation.get("op") not in PATCH_OPERATIONS:
        raise Invalid.at(f"{at}/op", "is no operation of a JSON Patch", expected=" or ".join(PATCH_OPERATIONS))
    _check_pointer(operation.get("path"), f"{at}/path")
    if operation["op"] in ("move", "copy"):
        _check_pointer(operation.get("from"), f"{at}/from")
    elif operation["op"] != "remove" and "value" not in operation:
        raise Invalid.at(f"{at}/value", "is required")


def _check_pointer(text: Any, at: str) -> None:
    if not isinstance(text, str) or POINTER_PATTERN.fullmatch(text) is None:
        raise Invalid.at(at, "is not a JSON Pointer", expected="such as /meta/style, or nothing for the whole")
    if text.count("/") > MAX_DEPTH:
        raise Invalid.at(at, f"leads deeper than {MAX_DEPTH}", expected=f"at most {MAX_DEPTH} levels")


def _check_step(step: UpgradeStep, at: str) -> None:
    _check_pointer(step.path, f"{at}/path")
    if step.path == "" and step.do in ("rename", "remove", "move"):
        raise Invalid.at(f"{at}/path", f"the whole document cannot be the object of {step.do}")
    if (step.value is not msgspec.UNSET) != (step.do == "set"):
        message = "is required" if step.do == "set" else f"has no effect on {step.do}"
        raise Invalid.at(f"{at}/value", message)
    if step.overwrite and step.do not in ("set", *STEPS_TO_A_PLACE):
        raise Invalid.at(f"{at}/overwrite", f"has no effect on {step.do}")
    if (step.to is not msgspec.UNSET) != (step.do not in ("set", "remove")):
        message = f"has no effect on {step.do}" if step.do in ("set", "remove") else "is required"
        raise Invalid.at(f"{at}/to", message)
    _check_to(step, f"{at}/to")


def _check_to(step: UpgradeStep, at: str) -> None:
    if step.do == "convert" and step.to not in CONVERSIONS:
        raise Invalid.at(at, "is no type to convert to", expected=" or ".join(CONVERSIONS))
    if step.do not in STEPS_TO_A_PLACE:
        return
    _check_pointer(step.to, at)
    here, there = tokens_of(step.path), tokens_of(str(step.to))
    if here.count(EACH_ITEM) != there.count(EACH_ITEM):
        raise Invalid.at(at, "must have as many * as the path", expected=f"{here.count(EACH_ITEM)} of them")
    if there[: len(here)] == here:
        raise Invalid.at(at, "lies within the path; to nest a value in itself, wrap it")


def tokens_of(text: str) -> list[str]:
    """Returns the tokens of a JSON Pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


class _StepFailed(Exception):
    """The reason why a step cannot be applied to this data."""


class _StepInterpreter:
    """Applies steps to data in place, and counts the work, because few steps can cause a lot of it."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._visited = self._copied_bytes = 0
        self._actions: dict[str, Callable[[UpgradeStep, Place], None]] = {
            "rename": self._rename,
            "move": self._move,
            "remove": self._remove,
            "set": self._set,
            "copy": self._copy,
            "convert": self._convert,
            "wrap": self._wrap,
        }

    def apply(self, step: UpgradeStep) -> None:
        """Applies one step at every place that its path matches, from the last to the first, so that no index
        shifts."""
        act = self._actions[step.do]
        for place in reversed(list(self._matching_places(tokens_of(step.path)))):
            if step.do == "set" or self._value_at(place) is not MISSING:
                act(step, place)

    def _rename(self, step: UpgradeStep, place: Place) -> None:
        parent, name, new = self._value_at(place[:-1]), place[-1], str(step.to)
        if not isinstance(parent, dict):
            raise _StepFailed("an item of a list has no name")
        if new in parent and new != name:
            raise _StepFailed(f"there is something at {pointer_of((*place[:-1], new))} already")
        self._count_places(len(parent))
        renamed = {new if key == name else key: value for key, value in parent.items()}  # keeps the order
        parent.clear()
        parent.update(renamed)

    def _move(self, step: UpgradeStep, place: Place) -> None:
        value = self._value_at(place)
        self._remove_value(place)
        self._put_at_target(step, place, value)

    def _copy(self, step: UpgradeStep, place: Place) -> None:
        self._put_at_target(step, place, self._copy_of(self._value_at(place)))

    def _remove(self, step: UpgradeStep, place: Place) -> None:
        self._remove_value(place)

    def _set(self, step: UpgradeStep, place: Place) -> None:
        if step.overwrite or self._value_at(place) is MISSING:
            self._put_value(place, self._copy_of(step.value))

    def _convert(self, step: UpgradeStep, place: Place) -> None:
        try:
            self._put_value(place, CONVERSIONS[str(step.to)](self._value_at(place)))
        except ValueError as error:
            raise _StepFailed(f"{error} at {pointer_of(place) or 'the whole'}") from None

    def _wrap(self, step: UpgradeStep, place: Place) -> None:
        self._put_value(place, {str(step.to): self._value_at(place)})

    # --- places ---

    def _matching_places(self, tokens: list[str]) -> Iterator[Place]:
        """Yields every place that a path matches, with or without a value."""
        pending: list[tuple[Place, Any, int]] = [((), self.data, 0)]
        while pending:
            place, value, done = pending.pop()
            self._count_places(1)
            if done == len(tokens):
                yield place
            elif tokens[done] == EACH_ITEM and isinstance(value, list):
                self._count_places(len(value))
                items = reversed(list(enumerate(value)))  # the stack returns the last one first
                pending.extend(((*place, number), item, done + 1) for number, item in items)
            elif value is not MISSING or EACH_ITEM not in tokens[done:]:  # a missing list has no items
                step = _step_into(value, tokens[done])
                pending.append(((*place, step), _child_of(value, step), done + 1))

    def _value_at(self, place: Place) -> Any:
        value = self.data
        for step in place:
            value = _child_of(value, step)
        return value

    def _target_place(self, step: UpgradeStep, place: Place) -> Place:
        """Returns the place that `to` means, with the indexes that `*` had in the path."""
        numbers = iter([at for at, token in zip(place, tokens_of(step.path), strict=True) if token == EACH_ITEM])
        return tuple(next(numbers) if token == EACH_ITEM else token for token in tokens_of(str(step.to)))

    def _put_at_target(self, step: UpgradeStep, came_from: Place, value: Any) -> None:
        place = self._target_place(step, came_from)
        in_list = bool(place) and isinstance(self._value_at(place[:-1]), list)
        if not in_list and not step.overwrite and self._value_at(place) is not MISSING:
            raise _StepFailed(f"there is something at {pointer_of(place) or 'the whole'} already")
        self._put_value(place, value, insert=not step.overwrite)

    def _put_value(self, place: Place, value: Any, *, insert: bool = False) -> None:
        """Puts a value at a place; missing objects on the way are created."""
        if not place:
            self.data = value
            return
        parent = self.data
        for number, step in enumerate(place[:-1]):
            child = _child_of(parent, _step_into(parent, step))
            if child is MISSING and isinstance(parent, dict):
                child = parent[str(step)] = {}
            if not isinstance(child, dict | list):
                raise _StepFailed(f"{pointer_of(place[: number + 1])} has no parts")
            parent = child
        last = _step_into(parent, place[-1])
        if isinstance(parent, dict):
            parent[str(last)] = value
        elif isinstance(parent, list):
            self._put_item(parent, last, value, insert)
        else:
            raise _StepFailed("the whole has no parts")

    def _put_item(self, items: list[Any], number: str | int, value: Any, insert: bool) -> None:
        if number == "-" or number == len(items):
            items.append(value)
        elif not isinstance(number, int) or number > len(items):
            raise _StepFailed(f"{number} is no place in a list of {len(items)}")
        elif insert:
            self._count_places(len(items) - number)
            items.insert(number, value)
        else:
            items[number] = value

    def _remove_value(self, place: Place) -> None:
        parent = self._value_at(place[:-1])
        if isinstance(parent, list):
            self._count_places(len(parent) // 64)  # moving the items behind it is fast
        del parent[place[-1]]

    # --- work ---

    def _count_places(self, places: int) -> None:
        self._visited += places
        if self._visited > MAX_VISITED_PLACES:
            raise TooLarge(
                f"This upgrade looks at more than {MAX_VISITED_PLACES:,} places of the data.",
                allowed=MAX_VISITED_PLACES,
            )

    def _copy_of(self, value: Any) -> Any:
        body = msgspec.json.encode(value)
        self._copied_bytes += len(body)
        if self._copied_bytes > MAX_COPIED_BYTES:
            raise TooLarge(f"This upgrade copies more than {MAX_COPIED_BYTES:,} bytes.", allowed=MAX_COPIED_BYTES)
        return msgspec.json.decode(body)


def _step_into(parent: Any, token: str | int) -> str | int:
    """Returns a token as an index in a list, and as a name elsewhere."""
    if isinstance(parent, list):
        text = str(token)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return str(token)


def _child_of(parent: Any, step: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(step, MISSING)
    if isinstance(parent, list) and isinstance(step, int) and 0 <= step < len(parent):
        return parent[step]
    return MISSING


def pointer_of(place: Place) -> str:
    return pointer(*map(str, place))
