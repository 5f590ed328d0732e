"""Reads registrations, upgrades and data from the files that a command is given."""

from pathlib import Path
from typing import Any

import msgspec

from reyna.cli.execution import exit_with_error
from reyna.domain.errors import Invalid
from reyna.domain.ids import is_slug
from reyna.domain.json import reading
from reyna.domain.schema import NewSchema, Upgrade


def read_registration(file: Path, name: str | None, version: str | None, upgrade: Path | None) -> NewSchema:
    """Returns the registration in a file; a bare JSON Schema takes its name from the option, or from its file."""
    read = read_json(file)
    if not isinstance(read, dict) or "json_schema" not in read:
        schema_name = name or file.name.partition(".")[0]
        if not is_slug(schema_name):
            exit_with_error(f"{schema_name} is not a valid name for a schema; give one with --name.")
        read = {"name": schema_name, "json_schema": read}
    try:
        new = msgspec.convert(read, NewSchema)
    except msgspec.ValidationError as error:
        exit_with_error(f"{file}: {error}")
    changes = {"name": name, "version": version, "upgrade": _read_upgrade(upgrade)}
    return msgspec.structs.replace(new, **{key: value for key, value in changes.items() if value is not None})


def _read_upgrade(file: Path | None) -> Upgrade | None:
    """Returns the upgrade in a file: `{"steps": […]}`, `{"patch": […]}`, or one of these lists alone."""
    if file is None:
        return None
    read = read_json(file)
    if isinstance(read, list):
        read = {"patch" if any(isinstance(each, dict) and "op" in each for each in read) else "steps": read}
    try:
        return msgspec.convert(read, Upgrade)
    except msgspec.ValidationError as error:
        exit_with_error(f"{file}: {error}")


def read_json(file: Path) -> Any:
    """Returns the JSON in a file; ends the command when there is none."""
    try:
        return reading.decode_json(msgspec.json.Decoder(), file.read_bytes())
    except (OSError, Invalid) as error:
        exit_with_error(f"{file}: {error}")
