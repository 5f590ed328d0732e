"""A command imports what it needs, and the list of commands says of each what the command itself says."""

import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command

from reyna.cli.app import COMMANDS, app

HEAVY = ("litestar", "uvicorn", "asyncpg", "openai")
BUS_AND_SERVICES = ("nats", "structlog", "joserfc", "jsonschema_rs")
LISTED = "schema list --url http://127.0.0.1:9 --token key"  # where nothing listens


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        ("--help", (*HEAVY, *BUS_AND_SERVICES, "msgspec")),
        ("--version", (*HEAVY, *BUS_AND_SERVICES, "msgspec")),
        (LISTED, (*HEAVY, *BUS_AND_SERVICES)),
        ("schema --help", (*HEAVY, *BUS_AND_SERVICES)),
        ("migrate legacy --help", (*HEAVY, *BUS_AND_SERVICES)),
        ("account --help", HEAVY),
        ("processor --help", HEAVY),
    ],
)
def test_a_command_imports_only_what_it_needs(words: str, left_out: tuple[str, ...]) -> None:
    assert (
        imported_by(f"from reyna.cli.app import app\ntry:\n app({words.split()})\nexcept SystemExit:\n pass")
        & {*left_out}
        == set()
    )


@pytest.mark.parametrize("module", ["reyna.cli.schema.bus_access", "reyna.cli.migrate.bus_import"])
def test_a_command_that_speaks_over_the_bus_imports_no_server(module: str) -> None:
    assert imported_by(f"import {module}") & {*HEAVY} == set()


@pytest.mark.parametrize(("name", "help"), [(name, help) for name, _, help in COMMANDS])
def test_the_list_of_commands_says_what_each_command_says(name: str, help: str) -> None:
    root: Any = get_command(app)
    assert root.commands[name].load().help == help


def imported_by(code: str) -> set[str]:
    """The packages that are there after a fresh process has run the code."""
    listing = "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code + listing], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())
