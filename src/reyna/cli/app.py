"""The command line: every command under its noun."""

from importlib.metadata import version as installed
from typing import Annotated

import typer

from reyna.cli import account, doctor, migrate, processor
from reyna.cli import up as serving
from reyna.cli.schema import commands as schema

app = typer.Typer(
    name="reyna",
    help="ReYNa Studio: your content, your structure, your way.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reyna {installed('reyna-studio')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """ReYNa Studio: your content, your structure, your way."""


app.command("up")(serving.up)
app.command("serve")(serving.serve)
app.command("doctor")(doctor.doctor)
app.add_typer(processor.app)
app.add_typer(account.app)
app.add_typer(schema.app)
app.add_typer(migrate.app)
