"""The wheel `reyna-sdk` alone, in an empty environment: a stranger writes a processor there and runs it over HTTPS."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.journeys.application import Application, ApplicationProcess, without_settings
from tests.journeys.people import Person

ROOT: Final = Path(__file__).parents[2]
UV: Final = Path(sys.executable).parent / "uv"
MAX_WHEEL_BYTES: Final = 250_000
MAX_LINES: Final = 30
NO_MODEL: Final = {"REYNA_LLM_URL": "http://127.0.0.1:9/v1", "REYNA_LLM_MODEL": "none", "REYNA_EMBEDDINGS": "off"}
SCHEMA: Final[dict[str, Any]] = {
    "name": "loud-note",
    "json_schema": {"type": "object", "properties": {"content": {"type": "string"}}, "required": ["content"]},
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdk-wheel")
    subprocess.run([UV, "build", "-q", "--wheel", ROOT / "wheels/sdk", "-o", folder], check=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the commands of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("stranger") / "environment"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    install = (UV, "pip", "install", "-q", "--python", folder / "bin/python", "--only-binary", ":all:")
    subprocess.run([*install, wheel], check=True)
    return folder / "bin"


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Application]:
    (tmp_path / "studio").mkdir()
    application = Application(tmp_path / "studio", NO_MODEL)
    try:
        await application.start()
        yield application
    finally:
        await asyncio.shield(application.stop())


def run_there(environment: Path, folder: Path, *command: str | Path) -> str:
    given = without_settings(os.environ) | {"PATH": f"{environment}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


def test_no_file_of_it_is_a_file_of_the_studio(environment: Path) -> None:
    """Both can be installed in any order, and either removed: the studio's `reyna` is a folder of its own."""
    [packages] = (environment.parent / "lib").glob("python3.*/site-packages")
    ours = {path.name for path in packages.iterdir() if "reyna" in path.name}
    assert {name for name in ours if not name.endswith(".dist-info")} == {"reyna_sdk", "reyna_sdk.pth"}
    packages.joinpath("reyna/cli").mkdir(parents=True)  # as the studio's wheel would, found before the SDK's own copy
    try:
        packages.joinpath("reyna/__init__.py").touch()
        code = "import reyna, pathlib; print(pathlib.Path(reyna.__file__).parents[1].name)"
        assert run_there(environment, environment.parent, environment / "python", "-c", code).strip() == "site-packages"
    finally:
        shutil.rmtree(packages / "reyna")


async def test_a_stranger_writes_tests_and_runs_a_processor(
    environment: Path, studio: Application, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    said = await asyncio.to_thread(run_there, environment, folder, environment / "reyna", "processor", "new", "loud")
    assert "reyna processor run loud:loud" in said
    await asyncio.to_thread(run_there, environment, folder, environment / "python", "-m", "unittest")
    source = (folder / "loud.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < MAX_LINES
    source = source.replace('makes="text-input-v1"', 'makes="loud-note-v1"')
    (folder / "loud.py").write_text(source, encoding="utf-8")
    ana = await studio.person("ana")
    await ana.post("/schemas", SCHEMA)
    worker = await start_worker(ana, [environment / "reyna", "processor", "run", "loud:loud"], folder)
    try:
        device = await ana.device()
        note = await device.write_note("ahoy")
        (run,) = (await ana.post("/runs", {"processor_id": "loud", "blob_ids": [note["id"]]}))["items"]
        await device.wait_for("processor.completed", run_id=run["id"])
        (made,) = await ana.all("/blobs", parent_id=note["id"])
        assert (made["schema_id"], made["data"]) == ("loud-note-v1", {"content": "AHOY"})
    finally:
        worker.send(signal.SIGTERM)
        code = await worker.wait()
        await ana.leave()
    assert code == 0


async def start_worker(person: Person, command: Sequence[str | Path], folder: Path) -> ApplicationProcess:
    given = without_settings(os.environ) | {"REYNA_URL": person.address, "REYNA_TOKEN": person.token}
    worker = ApplicationProcess("Running loud:loud. It", [str(part) for part in command], given, folder)
    await worker.start()
    return worker
