"""`reyna dead list | show | replay | discard`: the work of a user that was given up."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
import typer
from rich.table import Column, Table

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import OUT, add_row, print_line, quantity
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.run import DeadLetter, ReplayReport, Run
from reyna.domain.requests.page import MAX_PAGE_SIZE, Page

app: Final = typer.Typer(name="dead", help="List, replay and discard work that was given up.", no_args_is_help=True)
REPLAY_TIMEOUT_SECONDS: Final = 150.0
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose work it is.")]


@app.command("list")
def list_letters(url: Url = None, token: Token = None) -> None:
    """List the work that was given up, newest first."""
    letters = list(_walk(url, token))
    if not letters:
        print_line("There are no dead letters.")
        return
    OUT.print(letters_table(letters))
    print_line(f"{quantity(len(letters), 'letter')}. See one: reyna dead show {letters[0].id}")


@app.command("show")
def show(id: Annotated[str, typer.Argument(help="The letter to show.")], url: Url = None, token: Token = None) -> None:
    """Show a letter: what was given up, and why."""
    letter = next((one for one in _walk(url, token) if one.id == id), None)
    if letter is None:
        exit_with_error("There is no dead letter of yours under this id.")
    OUT.print(letter_table(letter))
    print_line(f"Run it again: reyna dead replay {letter.id}")


def letters_table(letters: Sequence[DeadLetter]) -> Table:
    """Returns the letters as a table, whose ids are never cut."""
    width = max(len(letter.id) for letter in letters)
    table = Table(Column("id", no_wrap=True, min_width=width), "processor", "attempts", "reason", box=None)
    for letter in letters:
        add_row(table, letter.id, letter.processor_id, str(letter.attempts), letter.reason)
    return table


def letter_table(letter: DeadLetter) -> Table:
    """Returns one letter, a line for each of its facts."""
    table, work = Table(show_header=False, box=None), letter.work
    for name, value in (
        ("id", letter.id),
        ("processor", letter.processor_id),
        ("reason", letter.reason),
        ("attempts", str(letter.attempts)),
        ("given up", letter.created_at.astimezone().isoformat(" ", "seconds")),
        ("run", letter.run_id),
        ("blob", f"{work.blob_id}, revision {work.blob_revision}"),
        ("model", work.model or "that of the installation"),
        ("settings", msgspec.json.encode(work.settings).decode() if work.settings else "none"),
    ):
        add_row(table, name, value)
    return table


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
        print_line(f"{run.id} is requested again{f': {run.waiting}' if run.waiting else '.'}")
        return
    report: ReplayReport = _ask(
        ReplayReport, "POST", "/dead/replay", options | {"processor_id": processor}, url=url, token=token
    )
    for kept in report.kept:
        print_line(f"{kept.id} is kept: {kept.reason}")
    print_line(f"{quantity(report.replayed, 'run is', 'runs are')} requested again, {report.left:,} left.")


@app.command("discard")
def discard(
    id: Annotated[str, typer.Argument(help="The letter to discard.")], url: Url = None, token: Token = None
) -> None:
    """Discard a dead letter; its blob stays as it is."""
    _ask(None, "DELETE", f"/dead/{quote(id, safe='')}", url=url, token=token)
    print_line(f"{id} is discarded.")


def _walk(url: str | None, token: str | None) -> Iterator[DeadLetter]:
    """Yields all letters, newest first."""
    cursor = ""
    while True:
        path = f"/dead?limit={MAX_PAGE_SIZE}{cursor}"
        page: Page[DeadLetter] = _ask(Page[DeadLetter], "GET", path, url=url, token=token)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = f"&cursor={quote(page.next_cursor, safe='')}"


def _ask(kind: Any, method: str, path: str, body: Any = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose work it is.")
    client = RestClient(url or local_url(), token)
    try:
        content = None if body is None else msgspec.json.encode(body)
        return client.ask(kind, method, path, content, timeout=REPLAY_TIMEOUT_SECONDS)
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)
