"""`reyna dead list | replay | discard`: the work of a user that was given up."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
import typer
from rich.table import Table

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import OUT, add_row, print_line
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.run import DeadLetter, ReplayReport, Run
from reyna.domain.requests.page import Page

app: Final = typer.Typer(name="dead", help="List, replay and discard work that was given up.", no_args_is_help=True)
REPLAY_TIMEOUT_SECONDS: Final = 150.0
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose work it is.")]


@app.command("list")
def list_letters(url: Url = None, token: Token = None) -> None:
    """List the work that was given up, newest first."""
    page: Page[DeadLetter] = _ask(Page[DeadLetter], "GET", "/dead?limit=200", url=url, token=token)
    table = Table("id", "processor", "attempts", "reason", box=None)
    for letter in page.items:
        add_row(table, letter.id, letter.processor_id, str(letter.attempts), letter.reason)
    OUT.print(table)


@app.command("replay")
def replay(
    id: Annotated[str | None, typer.Argument(help="The letter to replay.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay all letters, at most 1,000 at a time.")] = False,
    processor: Annotated[str | None, typer.Option(help="With --all: only the letters of this processor.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Repeat finished steps too.")] = False,
    version: Annotated[
        Literal["same", "newest"], typer.Option(help="Of the processor: the one that did it, or the newest.")
    ] = "newest",
    url: Url = None,
    token: Token = None,
) -> None:
    """Request the run of a letter again, or those of all letters."""
    options: dict[str, Any] = {"from_start": from_start, "version": version}
    if everything == (id is not None):
        exit_with_error("Name a letter, or give --all.")
    if id is not None:
        run: Run = _ask(Run, "POST", f"/dead/{quote(id, safe='')}/replay", options, url=url, token=token)
        print_line(f"{run.id} is requested again.")
        return
    report: ReplayReport = _ask(
        ReplayReport, "POST", "/dead/replay", options | {"processor_id": processor}, url=url, token=token
    )
    for kept in report.kept:
        print_line(f"{kept.id} is kept: {kept.reason}")
    print_line(f"{report.replayed:,} are requested again, {report.left:,} are left.")


@app.command("discard")
def discard(
    id: Annotated[str, typer.Argument(help="The letter to discard.")], url: Url = None, token: Token = None
) -> None:
    """Let go of work that was given up."""
    _ask(None, "DELETE", f"/dead/{quote(id, safe='')}", url=url, token=token)
    print_line(f"{id} is discarded.")


def _ask(kind: Any, method: str, path: str, body: Any = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose work it is.")
    client = RestClient(url or local_url(), token)
    try:
        content = None if body is None else msgspec.json.encode(body)
        return client.ask(kind, method, path, content, timeout=REPLAY_TIMEOUT_SECONDS)
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)
