"""Commands whose modules are imported when they are run: a command pays for the imports of its own noun alone."""

from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class LazyCommand(TyperCommand):
    """Stands for a command, or for the commands of a noun, in help and completion, until it is run.

    `module` has a `typer.Typer` named `app`: that of the noun `name`, or one with the command `name`.
    """

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, help=help)
        self._module = module

    def load(self) -> TyperGroup | TyperCommand:
        """Imports the module and returns the command itself."""
        group = get_group(import_module(self._module).app)
        found: Any = group if group.name == self.name else group.commands[self.name or ""]
        return found  # type: ignore[no-any-return]  # typer builds no others
