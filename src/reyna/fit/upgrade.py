"""How data of one major of a schema becomes data of the next: a JSON Patch, or named steps one after the other."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from reyna.domain.data import DEPTH, encoded
from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.reading import pointer
from reyna.domain.schema import Upgrade, UpgradeStep
from reyna.fit.convert import CONVERSIONS
from reyna.fit.patch import MOST_HANDLED, MOST_OPERATIONS, OPERATIONS, patched

UPGRADE_BYTES: Final = 64 * 1024
MOST_PLACES: Final = 200_000  # that the steps together may look at; some tenths of a second
EVERY: Final = "*"
POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
PLACES: Final = ("move", "copy")  # whose `to` is another place
NAMES: Final = ("rename", "wrap")  # whose `to` is a name

Place = tuple[str | int, ...]


class _Nothing:
    """Nothing is there; null is something."""


NOTHING: Final = _Nothing()


def upgraded(data: Any, upgrade: Upgrade) -> Any:
    """The data as the upgrade leaves it; the argument is not changed. Whether it fits is another question.

    Raises Invalid, with the place of the step (`/upgrade/steps/3`, `/upgrade/patch/3`) as path, for what cannot be
    done to this data; TooLarge when it comes to too much work; and what `domain.data.encoded` refuses, when that is
    what comes out.
    """
    if upgrade.patch is not msgspec.UNSET:
        return _by_patch(data, upgrade.patch)
    whole = _Whole(msgspec.json.decode(encoded(data)))
    for number, step in enumerate(upgrade.steps or ()):
        try:
            whole.take(step)
        except _Cannot as hindrance:
            raise Invalid.at(f"/upgrade/steps/{number}", f"{step.do} {step.path}: {hindrance}") from None
    encoded(whole.data)
    return whole.data


def check_upgrade(upgrade: Upgrade) -> None:
    """Raises Invalid, with the path of what is wrong, and TooLarge, for what is no upgrade whatever the data."""
    if (upgrade.patch is msgspec.UNSET) == (upgrade.steps is msgspec.UNSET):
        raise Invalid.at("/upgrade", "is either a patch or steps", expected="exactly one of patch, steps")
    encoded(msgspec.to_builtins(upgrade), most=UPGRADE_BYTES, field="upgrade")
    operations: Any = upgrade.patch if upgrade.patch is not msgspec.UNSET else upgrade.steps
    if len(operations) > MOST_OPERATIONS:
        raise Invalid.at("/upgrade", "has too many steps", expected=f"at most {MOST_OPERATIONS:,}")
    for number, operation in enumerate(operations):
        if isinstance(operation, UpgradeStep):
            _check_step(operation, f"/upgrade/steps/{number}")
        else:
            _check_operation(operation, f"/upgrade/patch/{number}")


def _by_patch(data: Any, patch: tuple[dict[str, Any], ...]) -> Any:
    try:
        return patched(data, patch)
    except Invalid as refusal:
        error = refusal.errors[0]
        path = error.path.replace("/json_patch", "/upgrade/patch", 1)
        raise Invalid.at(path, error.message, expected=error.expected) from None


def _check_operation(operation: Mapping[str, Any], at: str) -> None:
    if operation.get("op") not in OPERATIONS:
        raise Invalid.at(f"{at}/op", "is no operation of a JSON Patch", expected=" or ".join(OPERATIONS))
    _check_pointer(operation.get("path"), f"{at}/path")
    if operation["op"] in ("move", "copy"):
        _check_pointer(operation.get("from"), f"{at}/from")
    elif operation["op"] != "remove" and "value" not in operation:
        raise Invalid.at(f"{at}/value", "is required")


def _check_pointer(text: Any, at: str) -> None:
    if not isinstance(text, str) or POINTER.fullmatch(text) is None:
        raise Invalid.at(at, "is not a JSON Pointer", expected="such as /meta/style, or nothing for the whole")
    if text.count("/") > DEPTH:
        raise Invalid.at(at, f"leads deeper than {DEPTH}", expected=f"at most {DEPTH} levels")


def _check_step(step: UpgradeStep, at: str) -> None:
    _check_pointer(step.path, f"{at}/path")
    if step.path == "" and step.do in ("rename", "remove", "move"):
        raise Invalid.at(f"{at}/path", f"the whole document cannot be the object of {step.do}")
    if (step.value is not msgspec.UNSET) != (step.do == "set"):
        message = "is required" if step.do == "set" else f"means nothing to {step.do}"
        raise Invalid.at(f"{at}/value", message)
    if step.overwrite and step.do not in ("set", *PLACES):
        raise Invalid.at(f"{at}/overwrite", f"means nothing to {step.do}")
    if (step.to is not msgspec.UNSET) != (step.do not in ("set", "remove")):
        message = f"means nothing to {step.do}" if step.do in ("set", "remove") else "is required"
        raise Invalid.at(f"{at}/to", message)
    _check_to(step, f"{at}/to")


def _check_to(step: UpgradeStep, at: str) -> None:
    if step.do == "convert" and step.to not in CONVERSIONS:
        raise Invalid.at(at, "is no type to convert to", expected=" or ".join(CONVERSIONS))
    if step.do not in PLACES:
        return
    _check_pointer(step.to, at)
    here, there = tokens_of(step.path), tokens_of(str(step.to))
    if here.count(EVERY) != there.count(EVERY):
        raise Invalid.at(at, "must have as many * as the path", expected=f"{here.count(EVERY)} of them")
    if there[: len(here)] == here:
        raise Invalid.at(at, "lies within the path; to nest a value in itself, wrap it")


def tokens_of(text: str) -> list[str]:
    """The steps of a JSON Pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


class _Cannot(Exception):
    """Why a step cannot be done to this data."""


class _Whole:
    """Data on its way, to change at will; counts the work, so that no short list of steps becomes a long one."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._places = self._handled = 0
        self._steps: dict[str, Callable[[UpgradeStep, Place], None]] = {
            "rename": self._rename,
            "move": self._move,
            "remove": self._remove,
            "set": self._set,
            "copy": self._copy,
            "convert": self._convert,
            "wrap": self._wrap,
        }

    def take(self, step: UpgradeStep) -> None:
        """One step, at every place that its path means; from the last to the first, so that none of them shifts."""
        act = self._steps[step.do]
        for place in reversed(list(self._meant(tokens_of(step.path)))):
            if step.do == "set" or self._at(place) is not NOTHING:
                act(step, place)

    def _rename(self, step: UpgradeStep, place: Place) -> None:
        parent, name, new = self._at(place[:-1]), place[-1], str(step.to)
        if not isinstance(parent, dict):
            raise _Cannot("an item of a list has no name")
        if new in parent and new != name:
            raise _Cannot(f"there is something at {pointer_of((*place[:-1], new))} already")
        self._count(len(parent))
        renamed = {new if key == name else key: value for key, value in parent.items()}  # keeps the order
        parent.clear()
        parent.update(renamed)

    def _move(self, step: UpgradeStep, place: Place) -> None:
        value = self._at(place)
        self._take_away(place)
        self._put_new(step, place, value)

    def _copy(self, step: UpgradeStep, place: Place) -> None:
        self._put_new(step, place, self._copied(self._at(place)))

    def _remove(self, step: UpgradeStep, place: Place) -> None:
        self._take_away(place)

    def _set(self, step: UpgradeStep, place: Place) -> None:
        if step.overwrite or self._at(place) is NOTHING:
            self._put(place, self._copied(step.value))

    def _convert(self, step: UpgradeStep, place: Place) -> None:
        try:
            self._put(place, CONVERSIONS[str(step.to)](self._at(place)))
        except ValueError as error:
            raise _Cannot(f"{error} at {pointer_of(place) or 'the whole'}") from None

    def _wrap(self, step: UpgradeStep, place: Place) -> None:
        self._put(place, {str(step.to): self._at(place)})

    # --- places ---

    def _meant(self, tokens: list[str]) -> Iterator[Place]:
        """Every place that a path means, be something there or not."""
        waiting: list[tuple[Place, Any, int]] = [((), self.data, 0)]
        while waiting:
            place, value, done = waiting.pop()
            self._count(1)
            if done == len(tokens):
                yield place
            elif tokens[done] == EVERY and isinstance(value, list):
                self._count(len(value))
                items = reversed(list(enumerate(value)))  # what is put last is taken first
                waiting.extend(((*place, number), item, done + 1) for number, item in items)
            elif value is not NOTHING or EVERY not in tokens[done:]:  # where no list is, it has no items
                step = _step(value, tokens[done])
                waiting.append(((*place, step), _part(value, step), done + 1))

    def _at(self, place: Place) -> Any:
        value = self.data
        for step in place:
            value = _part(value, step)
        return value

    def _other(self, step: UpgradeStep, place: Place) -> Place:
        """The place that `to` means, with the numbers that `*` had in the path."""
        numbers = iter([at for at, token in zip(place, tokens_of(step.path), strict=True) if token == EVERY])
        return tuple(next(numbers) if token == EVERY else token for token in tokens_of(str(step.to)))

    def _put_new(self, step: UpgradeStep, came_from: Place, value: Any) -> None:
        place = self._other(step, came_from)
        in_list = bool(place) and isinstance(self._at(place[:-1]), list)
        if not in_list and not step.overwrite and self._at(place) is not NOTHING:
            raise _Cannot(f"there is something at {pointer_of(place) or 'the whole'} already")
        self._put(place, value, insert=not step.overwrite)

    def _put(self, place: Place, value: Any, *, insert: bool = False) -> None:
        """Put a value somewhere; objects that are missing on the way are made."""
        if not place:
            self.data = value
            return
        parent = self.data
        for number, step in enumerate(place[:-1]):
            child = _part(parent, _step(parent, step))
            if child is NOTHING and isinstance(parent, dict):
                child = parent[str(step)] = {}
            if not isinstance(child, dict | list):
                raise _Cannot(f"{pointer_of(place[: number + 1])} has no parts")
            parent = child
        last = _step(parent, place[-1])
        if isinstance(parent, dict):
            parent[str(last)] = value
        elif isinstance(parent, list):
            self._put_item(parent, last, value, insert)
        else:
            raise _Cannot("the whole has no parts")

    def _put_item(self, items: list[Any], number: str | int, value: Any, insert: bool) -> None:
        if number == "-" or number == len(items):
            items.append(value)
        elif not isinstance(number, int) or number > len(items):
            raise _Cannot(f"{number} is no place in a list of {len(items)}")
        elif insert:
            self._count(len(items) - number)
            items.insert(number, value)
        else:
            items[number] = value

    def _take_away(self, place: Place) -> None:
        parent = self._at(place[:-1])
        if isinstance(parent, list):
            self._count(len(parent) // 64)  # what stands behind it moves up, which is fast
        del parent[place[-1]]

    # --- work ---

    def _count(self, places: int) -> None:
        self._places += places
        if self._places > MOST_PLACES:
            raise TooLarge(f"This upgrade looks at more than {MOST_PLACES:,} places of the data.", allowed=MOST_PLACES)

    def _copied(self, value: Any) -> Any:
        body = msgspec.json.encode(value)
        self._handled += len(body)
        if self._handled > MOST_HANDLED:
            raise TooLarge(f"This upgrade copies more than {MOST_HANDLED:,} bytes.", allowed=MOST_HANDLED)
        return msgspec.json.decode(body)


def _step(parent: Any, token: str | int) -> str | int:
    """A token as what it stands for in this parent: digits are a number in a list, and a name elsewhere."""
    if isinstance(parent, list):
        text = str(token)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return str(token)


def _part(parent: Any, step: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(step, NOTHING)
    if isinstance(parent, list) and isinstance(step, int) and 0 <= step < len(parent):
        return parent[step]
    return NOTHING


def pointer_of(place: Place) -> str:
    return pointer(*map(str, place))
