"""`reyna run prompt | estimate`: what a run sent to a language model or will send, and what runs would use."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import typer

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import print_line
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.prompts.estimate import RunEstimate
from reyna.domain.processing.prompts.prompt import RunPrompt, RunPrompts

app: Final = typer.Typer(name="run", help="What runs send to language models, and cost.", no_args_is_help=True)
TIMEOUT_SECONDS: Final = 60.0
UNKNOWN: Final = "not known"
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose runs they are.")]


@app.command("prompt")
def show_prompts(id: Annotated[str, typer.Argument(help="The run.")], url: Url = None, token: Token = None) -> None:
    """Print every message that a run sent to a language model, or will send."""
    cursor: str | None = None
    while True:
        after = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        path = f"/runs/{quote(id, safe='')}/prompt?limit=200{after}"
        page: RunPrompts = _ask(RunPrompts, "GET", path, url=url, token=token)
        for prompt in page.items:
            _print_prompt(prompt)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    if page.detail:
        print_line(page.detail)


@app.command("estimate")
def estimate(
    processor: Annotated[str, typer.Argument(help="The processor.")],
    blobs: Annotated[list[str] | None, typer.Argument(metavar="BLOB…", help="The blobs to run on.")] = None,
    bucket: Annotated[
        str | None, typer.Option(help="Run on every matching blob of this bucket, or on the whole bucket, instead.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model to ask, by its id.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Print the tokens and the cost of runs without starting them."""
    body = {"processor_id": processor, "blob_ids": blobs or [], "bucket_id": bucket, "model": model}
    found: RunEstimate = _ask(RunEstimate, "POST", "/runs/estimate", body, url=url, token=token)
    cost = f"{found.cost.amount} {found.cost.currency}" if found.cost else UNKNOWN
    print_line(f"runs           {found.runs:,}")
    print_line(f"input tokens   {_count(found.input_tokens)}")
    print_line(f"output tokens  {_count(found.output_tokens)}")
    print_line(f"cost           {cost}")
    for note in found.notes:
        print_line(note)


def _print_prompt(prompt: RunPrompt) -> None:
    about = "" if prompt.estimated else " (counted by the endpoint)"
    model, tokens = prompt.model or "a model", f"{prompt.input_tokens:,} tokens{about}"
    print_line(f"=== attempt {prompt.attempt}, prompt {prompt.number}: {prompt.state}, {model}, {tokens}")
    for part in prompt.parts:
        print_line(f"--- {part.role}: {part.source}, {part.tokens:,} tokens. {part.reason}")
        print_line(part.text)
        if part.shortened:
            print_line(f"(shortened: {part.characters:,} characters in all)")
    if prompt.answer is not None:
        print_line(f"--- answer: {prompt.output_tokens:,} tokens")
        print_line(prompt.answer)
    if prompt.error is not None:
        print_line(f"--- {prompt.error}")


def _count(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else f"about {tokens:,}"


def _ask(kind: Any, method: str, path: str, body: Any = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose runs they are.")
    client = RestClient(url or local_url(), token)
    try:
        content = None if body is None else msgspec.json.encode(body)
        return client.ask(kind, method, path, content, timeout=TIMEOUT_SECONDS)
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)
