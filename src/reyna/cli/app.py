"""The command line: every command under its noun."""

from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from reyna.cli.lazy_command import LazyCommand

COMMANDS: Final = (
    ("up", "reyna.cli.up", "Start the whole studio; Ctrl-C stops it."),
    ("serve", "reyna.cli.up", "Start one service; its neighbours are asked over NATS."),
    (
        "doctor",
        "reyna.cli.doctor",
        "Check everything, running or not, and say how to mend what is wrong. Exits with 1 when something is.",
    ),
    ("processor", "reyna.cli.processor", "Run, begin and list processors."),
    ("run", "reyna.cli.runs.commands", "What runs send to language models, and cost."),
    ("pipeline", "reyna.cli.pipeline.commands", "List, show, run and delete pipelines."),
    ("book", "reyna.cli.book.commands", "Compile books: manuscripts, e-books and pages to print."),
    ("template", "reyna.cli.template.commands", "Begin with templates, and save buckets as templates."),
    ("dead", "reyna.cli.dead", "List, replay and discard work that was given up."),
    ("cost", "reyna.cli.cost.commands", "What language models cost, and the spending cap."),
    ("model", "reyna.cli.model", "The language model of the studio."),
    ("account", "reyna.cli.account", "Accounts of the studio."),
    ("audit", "reyna.cli.user.audit", "The audit log of the studio."),
    ("user", "reyna.cli.user.commands", "The users of the studio."),
    ("schema", "reyna.cli.schema.commands", "Register, check and look up schemas."),
    ("backup", "reyna.cli.backup.commands", "Back up the whole studio, encrypted, while it runs."),
    (
        "restore",
        "reyna.cli.backup.commands",
        "Restore a backup into an empty home, and check the studio that is there then.",
    ),
    ("export", "reyna.cli.transfer.export_command", "Write everything, or a bucket, into a ZIP archive."),
    ("import", "reyna.cli.transfer.import_command", "Bring in an archive, a document or a folder of texts."),
    ("migrate", "reyna.cli.migrate.commands", "Import content from other systems."),
)
"""Each command or noun: its name, its module, and its help as the module says it (`tests/cli/test_app.py`)."""


class StudioCommands(TyperGroup):
    """The group of `COMMANDS`; one is loaded when it is given on the command line."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, module, help in COMMANDS:
            self.add_command(LazyCommand(name, module, help))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, LazyCommand) else command, rest


app = typer.Typer(
    name="reyna",
    cls=StudioCommands,
    help="ReYNa Studio: your content, your structure, your way.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # reads e-mail formats and archives; only this option needs it

        typer.echo(f"reyna {version('reyna-studio')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """ReYNa Studio: your content, your structure, your way."""
