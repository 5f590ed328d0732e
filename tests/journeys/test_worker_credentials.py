"""A worker of the installation with a credential of its own: no secret, no home, no settings of the studio."""

import os
import signal
from pathlib import Path
from typing import Final

import pytest

from reyna.app.credentials.credential import read_credential
from tests.journeys.application import REYNA, Application, ApplicationProcess, without_settings
from tests.journeys.people import Person
from tests.journeys.test_starting import run_command

SHOUTED: Final = """\
from reyna.sdk import Processor

shouted = Processor("shouted", takes="text-input-v1", makes="text-input-v1", trigger="manual")


@shouted
async def shout(blob, context):
    await context.progress(0.5, "half of it")
    return {"content": await context.step("loud", lambda: blob.data["content"].upper())}
"""


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_worker_with_a_credential_works_for_all_users_until_it_is_revoked(
    application: Application, ana: Person, bo: Person, tmp_path: Path
) -> None:
    path = tmp_path / "shouted.credential"
    command = ("processor", "credential", "shouted")
    code, output, error_output = await run_command(application, *command, "--out", str(path))
    assert (code, error_output) == (0, "")
    assert str(path) in output
    (tmp_path / "shouted.py").write_text(SHOUTED, encoding="utf-8")
    worker = ApplicationProcess(
        "Running shouted:shouted. It",
        (*REYNA, "processor", "run", "shouted:shouted"),
        without_settings(os.environ) | {"REYNA_CREDENTIAL": str(path)},
        tmp_path,
    )
    await worker.start()
    assert not (tmp_path / ".reyna").exists()
    for person in (ana, bo):
        device = await person.device()
        note = await device.write_note("The ship sails.")
        request = {"processor_id": "shouted", "blob_ids": [note["id"]]}
        estimate = await person.post("/runs/estimate", request)
        assert (estimate["sampled"], estimate["calls"]) == (1, 0)  # the worker says that it asks no model
        (run,) = (await person.post("/runs", request))["items"]
        await device.wait_for("processor.progress", run_id=run["id"], text="half of it")
        await device.wait_for("processor.completed", run_id=run["id"])
        (made,) = await person.all("/blobs", parent_id=note["id"])
        assert made["data"] == {"content": "THE SHIP SAILS."}
    assert (await ana.get("/processors/shouted"))["live_workers"] == 1
    code, _, error_output = await run_command(application, *command, "--revoke")
    assert (code, error_output) == (0, "")
    code, _, error_output = await run_command(application, *command, "--revoke")
    assert (code, "no credential of shouted" in error_output) == (1, True)
    worker.send(signal.SIGTERM)
    await worker.wait()
    assert read_credential(path).processor_id == "shouted"


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_credential_of_another_processor_is_refused_before_anything_runs(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "shouted.py").write_text(SHOUTED, encoding="utf-8")
    path = tmp_path / "other.credential"
    path.write_text('{"processor_id": "other", "nats_url": "nats://127.0.0.1:9", "token": "x"}', encoding="utf-8")
    command = ("processor", "run", "shouted:shouted")
    code, _, error_output = await run_command(
        application, *command, REYNA_CREDENTIAL=str(path), PYTHONPATH=str(tmp_path)
    )
    (line,) = error_output.splitlines()
    assert (code, "credential of other" in line) == (1, True)
