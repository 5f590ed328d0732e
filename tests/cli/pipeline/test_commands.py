"""`reyna pipeline` against a stand-in for the studio."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from reyna.cli.pipeline.commands import app
from reyna.cli.pipeline.progress import describe_stage, follow
from reyna.domain.caller import Caller
from reyna.domain.processing.batch import BatchProgress, StageProgress, WatchedBatch
from reyna.domain.processing.pipeline import PipelineStage
from tests.services.processors.neighbours import NOON

STAGES = (PipelineStage(processor_id="one", when="words(content) > 3"), PipelineStage(processor_id="two"))
PIPELINE = {
    "id": "pipeline-1",
    "user_id": "user-ana",
    "name": "One and two",
    "stages": msgspec.to_builtins(STAGES),
    "revision": 3,
    "created_at": NOON.isoformat(),
    "updated_at": NOON.isoformat(),
}


def a_batch(ana: Caller, status: Any, *stages: StageProgress, fraction: float = 1.0) -> WatchedBatch:
    return WatchedBatch(
        id="batch-1",
        user_id=ana.user_id,
        stages=STAGES,
        status=status,
        requested_at=NOON,
        progress=BatchProgress(fraction=fraction, stages=stages),
    )


class Studio:
    """A stand-in that answers from a table, and remembers what was sent."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.sent: list[tuple[str, Any]] = []
        studio = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = msgspec.json.decode(self.rfile.read(length)) if length else None
                request = f"{self.command} {self.path.removeprefix('/api')}"
                studio.sent.append((request, body))
                content = msgspec.json.encode(studio.answers.get(request))
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - named by http.server

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments), env={"REYNA_URL": self.url, "REYNA_TOKEN": "token"})
        return result.exit_code, result.output


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    thread = Thread(target=studio.server.serve_forever, args=(0.01,))
    thread.start()
    yield studio
    studio.server.shutdown()
    thread.join()
    studio.server.server_close()


def test_pipelines_are_listed_shown_and_deleted(studio: Studio) -> None:
    studio.answers["GET /pipelines?limit=200"] = {"items": [PIPELINE], "next_cursor": None}
    studio.answers["GET /pipelines/pipeline-1"] = PIPELINE
    _, listed = studio.run("list")
    assert "One and two" in listed
    assert "one > two" in listed
    _, shown = studio.run("show", "pipeline-1")
    assert "1. one  when words(content) > 3" in shown
    assert studio.run("delete", "pipeline-1") == (0, "pipeline-1 is deleted.\n")
    assert studio.sent[-1] == ("DELETE /pipelines/pipeline-1", None)


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (["pipeline-1", "--bucket", "bucket-1"], {"pipeline_id": "pipeline-1", "bucket_id": "bucket-1"}),
        (["one", "two", "--blob", "b1", "--blob", "b2"], {"pipeline": ["one", "two"], "blob_ids": ["b1", "b2"]}),
    ],
)
def test_a_pipeline_is_run_and_followed_to_its_end(
    studio: Studio, ana: Caller, arguments: list[str], sent: dict[str, Any]
) -> None:
    ended = a_batch(ana, "failed", StageProgress(processor_id="one", completed=2, failed=1, skipped=1))
    studio.answers["POST /runs"] = {"items": [], "next_cursor": None, "batch_id": "batch-1"}
    studio.answers["GET /batches/batch-1"] = msgspec.to_builtins(ended)
    code, output = studio.run("run", *arguments)
    assert studio.sent[0] == ("POST /runs", sent)
    assert code == 1
    assert "one: 2 completed, 1 failed, 1 skipped" in output
    assert "batch-1 is failed." in output


def test_a_pipeline_with_nothing_to_do_says_so(studio: Studio) -> None:
    studio.answers["POST /runs"] = {"items": [], "next_cursor": None, "batch_id": None}
    code, output = studio.run("run", "one", "--bucket", "bucket-1")
    assert (code, output) == (0, "There is nothing that the first processor takes.\n")


def test_a_run_names_blobs_or_a_bucket(studio: Studio) -> None:
    code, _ = studio.run("run", "one")
    assert code == 1
    assert studio.sent == []


def test_the_progress_is_read_until_the_end(ana: Caller) -> None:
    readings = [a_batch(ana, "running", fraction=0.5), a_batch(ana, "running"), a_batch(ana, "completed")]
    waited: list[float] = []
    assert follow(lambda: readings.pop(0), waited.append).status == "completed"
    assert (readings, len(waited)) == ([], 2)


def test_a_stage_is_described_by_what_there_is() -> None:
    assert describe_stage(StageProgress(processor_id="one")) == "nothing to do"
    assert describe_stage(StageProgress(processor_id="one", requested=1_200, running=2)) == "1,200 waiting, 2 running"
