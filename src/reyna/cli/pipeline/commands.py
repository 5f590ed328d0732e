"""`reyna pipeline list | show | run | delete`: the pipelines of a user."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import typer
from rich.table import Table

from reyna.cli.execution import exit_with_error
from reyna.cli.pipeline.progress import describe_stage, follow
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import OUT, add_row, print_line, quantity
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.batch import RequestedRuns, WatchedBatch
from reyna.domain.processing.pipeline import Pipeline
from reyna.domain.requests.page import Page

app: Final = typer.Typer(name="pipeline", help="List, show, run and delete pipelines.", no_args_is_help=True)
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose pipelines they are.")]
PipelineId = Annotated[str, typer.Argument(help="The pipeline.")]


@app.command("list")
def list_pipelines(url: Url = None, token: Token = None) -> None:
    """List your pipelines, newest first."""
    page: Page[Pipeline] = _ask(Page[Pipeline], "GET", "/pipelines?limit=200", url=url, token=token)
    table = Table("id", "name", "processors", box=None)
    for pipeline in page.items:
        add_row(table, pipeline.id, pipeline.name, " > ".join(stage.processor_id for stage in pipeline.stages))
    OUT.print(table)


@app.command("show")
def show(id: PipelineId, url: Url = None, token: Token = None) -> None:
    """Show the stages of a pipeline, with their settings and conditions."""
    pipeline: Pipeline = _ask(Pipeline, "GET", f"/pipelines/{quote(id, safe='')}", url=url, token=token)
    print_line((pipeline.name, "bold"), f"  revision {pipeline.revision}")
    for number, stage in enumerate(pipeline.stages, 1):
        settings = msgspec.json.encode(stage.settings).decode() if stage.settings else ""
        when = f"when {stage.when}" if stage.when else ""
        model = f"model {stage.model}" if stage.model else ""
        print_line("  ".join(part for part in (f"{number}. {stage.processor_id}", when, settings, model) if part))


@app.command("run")
def run(
    names: Annotated[list[str], typer.Argument(help="A pipeline, or processors one after the other.")],
    blob: Annotated[list[str] | None, typer.Option(help="A blob to run on; may be given again.")] = None,
    bucket: Annotated[str | None, typer.Option(help="The bucket in whose subtree to run on all that fits.")] = None,
    is_followed: Annotated[bool, typer.Option("--follow/--no-follow", help="Show the progress until the end.")] = True,
    url: Url = None,
    token: Token = None,
) -> None:
    """Run a pipeline, and show its progress. Exits with 1 when a run has failed."""
    if bool(blob) == (bucket is not None):
        exit_with_error("Say either which blobs (--blob) or which bucket (--bucket).")
    is_saved = len(names) == 1 and names[0].startswith("pipeline-")
    what: dict[str, Any] = {"pipeline_id": names[0]} if is_saved else {"pipeline": names}
    where: dict[str, Any] = {"blob_ids": blob} if blob else {"bucket_id": bucket}
    requested: RequestedRuns = _ask(RequestedRuns, "POST", "/runs", what | where, url=url, token=token)
    batch_id = requested.batch_id
    if batch_id is None:
        print_line("There is nothing that the first processor takes.")
        return
    print_line(f"{batch_id}: {quantity(len(requested.items), 'run')} requested.")
    if is_followed:
        _show_end(follow(lambda: _read_batch(batch_id, url, token)))


@app.command("delete")
def delete(id: PipelineId, url: Url = None, token: Token = None) -> None:
    """Delete a pipeline; what it has started goes on."""
    _ask(None, "DELETE", f"/pipelines/{quote(id, safe='')}", url=url, token=token)
    print_line(f"{id} is deleted.")


def _show_end(batch: WatchedBatch) -> None:
    for stage in batch.progress.stages:
        print_line(f"{stage.processor_id}: {describe_stage(stage)}")
    print_line(f"{batch.id} is {batch.status}.")
    if batch.status == "failed":
        raise typer.Exit(1)


def _read_batch(id: str, url: str | None, token: str | None) -> WatchedBatch:
    batch: WatchedBatch = _ask(WatchedBatch, "GET", f"/batches/{quote(id, safe='')}", url=url, token=token)
    return batch


def _ask(kind: Any, method: str, path: str, body: Any = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose pipelines they are.")
    client = RestClient(url or local_url(), token)
    try:
        return client.ask(kind, method, path, None if body is None else msgspec.json.encode(body))
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)
