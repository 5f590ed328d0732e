"""The verbs of a service and of its parts, read from their signatures."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

V = TypeVar("V", bound=Callable[..., Awaitable[Any]])
LONG_RUNNING_SECONDS: Final = 120.0  # for the answer of a verb that may work on many thousands of records


def long_running(verb: V) -> V:
    """Marks a verb whose answer may take two minutes: a call over the bus waits so long."""
    vars(verb)["seconds"] = LONG_RUNNING_SECONDS
    return verb


class Verb:
    """The wire format of one verb: arguments by name, and the type it returns."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        hints = get_type_hints(function, include_extras=True)
        _, _, *parameters = inspect.signature(function).parameters.values()  # without self and caller
        self.name = name
        self.parameters = parameters
        self.parameter_names = [parameter.name for parameter in parameters]
        self.hints = hints
        self.return_type = hints["return"]
        self.min_timeout: float = getattr(function, "seconds", 0.0)

    def arguments_struct(self) -> type[msgspec.Struct]:
        """Returns a struct with a field for each parameter."""
        fields: list[Any] = [
            (parameter.name, self.hints[parameter.name])
            if parameter.default is parameter.empty
            else (parameter.name, self.hints[parameter.name], parameter.default)
            for parameter in self.parameters
        ]
        return msgspec.defstruct(self.name, fields, kw_only=True, forbid_unknown_fields=True)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments by name, without those that are left out. Raises TypeError as a call would."""
        if args or not kwargs.keys() <= set(self.parameter_names):
            signature = inspect.Signature([p.replace(annotation=p.empty) for p in self.parameters])
            kwargs = signature.bind(*args, **kwargs).arguments
        for parameter in self.parameters:
            if parameter.default is parameter.empty and parameter.name not in kwargs:
                raise TypeError(f"{self.name}() misses the argument '{parameter.name}'")
        return {name: value for name, value in kwargs.items() if value is not msgspec.UNSET}


def verbs_of(verbs: type) -> dict[str, Verb]:
    """Returns the verbs of a class by name: every public async method whose first parameter is the caller."""
    found = {}
    for name, function in inspect.getmembers(verbs, inspect.iscoroutinefunction):
        if not name.startswith("_") and [*inspect.signature(function).parameters][1:2] == ["caller"]:
            found[name] = Verb(name, function)
    return found


def parts_of(service: type) -> dict[str, type]:
    """Returns the classes of a service's parts by name: its annotated public attributes whose class has verbs."""
    return {
        name: part
        for name, part in get_type_hints(service).items()
        if not name.startswith("_") and inspect.isclass(part) and verbs_of(part)
    }
