"""`reyna cost list | cap`: what the runs of a user cost, and the most that they may cost in a month."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import msgspec
import typer
from rich.table import Table

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import OUT, add_row, print_line
from reyna.domain.costs.cost import CostItem, CostPage, CostSum
from reyna.domain.costs.spending import SpendingCap
from reyna.domain.errors import Fault, Refusal
from reyna.domain.requests.page import MAX_PAGE_SIZE

app: Final = typer.Typer(name="cost", help="What language models cost, and the spending cap.", no_args_is_help=True)
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose costs they are.")]
By = Annotated[Literal["day", "processor", "model"], typer.Option(help="What to sum the costs by.")]


@app.command("list")
def list_costs(
    by: By = "day",
    since: Annotated[str | None, typer.Option(help="The first day (UTC), such as 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day (UTC).")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List the costs by day, processor or model, and their total."""
    query = {"by": by, "since": since, "until": until, "limit": MAX_PAGE_SIZE}
    path = f"/costs?{urlencode({name: value for name, value in query.items() if value is not None})}"
    page: CostPage = _ask(CostPage, "GET", path, url=url, token=token)
    table = Table(by, "calls", "tokens in", "tokens out", "US dollars", box=None)
    for item in page.items:
        add_row(table, _name_of(item), *_cells(item))
    add_row(table, "total", *_cells(page.total))
    OUT.print(table)
    if page.next_cursor is not None:
        print_line("There is more: give --since and --until.")
    if page.total.unpriced_tokens:
        print_line(f"The price of {page.total.unpriced_tokens:,} tokens is not known.")


@app.command("cap")
def cap(
    amount: Annotated[
        str | None, typer.Argument(help="The most US dollars in a calendar month; none: show it.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Spend without a cap again.")] = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show, set or remove the spending cap."""
    if remove and amount is not None:
        exit_with_error("Give an amount, or --remove.")
    if remove:
        _ask(None, "DELETE", "/me/spending-cap", url=url, token=token)
        print_line("There is no spending cap any more.")
        return
    method, body = ("GET", None) if amount is None else ("PUT", {"amount": amount})
    shown: SpendingCap = _ask(SpendingCap, method, "/me/spending-cap", body, url=url, token=token)
    cap = "no cap" if shown.amount is None else f"{shown.amount} US dollars a month"
    print_line(f"{cap}; {shown.spent} are spent in {shown.month}, and {shown.reserved} reserved.")


def _name_of(item: CostItem) -> str:
    return item.day or item.processor_id or item.model or ""


def _cells(costs: CostSum) -> tuple[str, ...]:
    amount = "unknown" if costs.amount is None else costs.amount
    return f"{costs.calls:,}", f"{costs.input_tokens:,}", f"{costs.output_tokens:,}", amount


def _ask(kind: Any, method: str, path: str, body: Any = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose costs they are.")
    try:
        content = None if body is None else msgspec.json.encode(body)
        return RestClient(url or local_url(), token).ask(kind, method, path, content)
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)
