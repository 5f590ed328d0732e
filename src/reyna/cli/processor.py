"""`reyna processor run | new | list`: processors of one's own."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from reyna.cli.starting import OUT, beside, end, run, settings_of
from reyna.config import Settings
from reyna.domain.caller import house
from reyna.domain.errors import Invalid
from reyna.domain.ids import slug
from reyna.domain.page import MOST
from reyna.main import SMALL_MODEL, connected
from reyna.processors.service import Processors
from reyna.rpc import Signer, remote
from reyna.serving import work

app: Final = typer.Typer(name="processor", help="Run, begin and list processors.", no_args_is_help=True)
SCAFFOLD: Final = '''"""{title}: says in one sentence what it makes of what."""

import msgspec

from reyna.sdk import Blob, Context, Processor, Refuse


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a user may set."""

    loud: bool = True


{name} = Processor("{id}", takes="text-input-v1", makes="text-input-v1", settings=Settings, trigger="manual")


@{name}
async def make(blob: Blob, context: Context[Settings]) -> dict:
    """What is returned becomes a blob of its own, beside the one it was made of."""
    content = blob.data["content"]
    if not content.strip():
        raise Refuse("There is nothing written yet.")
    await context.progress(0.5)
    return {{"content": content.upper() if context.settings.loud else content}}
'''


@app.command("run")
def run_processors(
    names: Annotated[list[str], typer.Argument(metavar="MODULE:NAME…", help="Where the processors are.")],
    parallel: Annotated[int, typer.Option(help="Runs at the same time, for each of them.", min=1, max=1000)] = 4,
) -> None:
    """Run processors of your own beside a studio, until Ctrl-C."""
    sys.path.insert(0, str(Path.cwd()))  # a processor is most often a file in the folder one stands in
    given = settings_of()
    settings, defaults = beside(given), {} if given.llm_url else SMALL_MODEL

    def ready() -> None:
        OUT.print(f"At work: {', '.join(names)}")

    run(lambda: work(settings, names, parallel=parallel, defaults=defaults, ready=ready))


@app.command("new")
def new(id: Annotated[str, typer.Argument(help="Its id, such as text-expansion.")]) -> None:
    """Write the beginning of a processor into this folder."""
    try:
        slug("id", id)
    except Invalid as invalid:
        end(invalid.detail)
    name = id.replace("-", "_")
    path = Path(f"{name}.py")
    if path.exists():
        end(f"{path} is there already.")
    path.write_text(SCAFFOLD.format(title=id.replace("-", " ").capitalize(), id=id, name=name), encoding="utf-8")
    OUT.print(f"{path} is written. Run it with: reyna processor run {name}:{name}")


@app.command("list")
def list_processors() -> None:
    """The processors that are registered, and how they do."""
    settings = beside(settings_of())
    run(lambda: _list(settings))


async def _list(settings: Settings) -> None:
    async with connected(settings) as bus:
        processors = remote(Processors, "processors", bus, Signer(settings.signing_secret()).sign)
        table = Table("id", "version", "takes", "makes", "workers", "queue", box=None)
        for one in (await processors.processors(house(), limit=MOST)).items:
            health = await processors.health(house(), one.id)
            takes = ", ".join(one.input_schemas)
            counts = (str(health.live_workers), str(health.queue_length))
            table.add_row(one.id, one.version, takes, one.output_schema, *counts)
        OUT.print(table)
