"""Durable steps: a worker that is killed at any boundary between steps repeats no finished one."""

import signal
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.application import Application, ApplicationProcess
from tests.journeys.people import Person
from tests.journeys.step_worker import STEPS

SCRIPT: Final = Path(__file__).with_name("step_worker.py")
NEVER: Final = len(STEPS) + 1


def step_worker(application: Application, calls: Path, *, stop_before: int) -> ApplicationProcess:
    command = (sys.executable, str(SCRIPT), str(stop_before), str(calls))
    environment = application.environment | {
        "STEP_WORKER_NATS": application.nats_url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return ApplicationProcess("step_worker", command, environment, application.folder)


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_worker_killed_at_every_boundary_repeats_no_finished_step(
    application: Application, ana: Person, tmp_path: Path
) -> None:
    device, calls = await ana.device(), tmp_path / "calls"
    note = await device.write_note("A book.")
    requested = None
    for boundary in [*range(len(STEPS) + 1), NEVER]:
        worker = step_worker(application, calls, stop_before=boundary)
        await worker.start()
        if requested is None:
            (requested,) = (await ana.post("/runs", {"processor_id": "stepping", "blob_ids": [note["id"]]}))["items"]
        if boundary == NEVER:
            break
        await device.wait_for("processor.progress", text=f"at boundary {boundary}")
        worker.send(signal.SIGKILL)
        await worker.wait()
        assert calls.exists() == (boundary > 0)
        assert boundary == 0 or calls.read_text().splitlines() == list(STEPS[:boundary])
    assert requested is not None
    await device.wait_for("processor.completed", run_id=requested["id"])
    worker.send(signal.SIGKILL)
    await worker.wait()
    assert calls.read_text().splitlines() == list(STEPS)
    (made,) = await ana.all("/blobs", parent_id=note["id"])
    assert made["data"]["content"] == " ".join(f"[{name}]" for name in STEPS)
    run = await ana.get(f"/runs/{requested['id']}")
    assert (run["status"], run["output_blob_ids"]) == ("completed", [made["id"]])
    assert (await ana.rest.get(f"/runs/{run['id']}/steps/outline")).status_code == 404
