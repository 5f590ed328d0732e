"""The wheel, built from a bare checkout and installed into an empty environment, holds all that `reyna up` needs."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.journeys.application import Application

ROOT: Final = Path(__file__).parents[2]
UV: Final = Path(sys.executable).parent / "uv"
MAX_WHEEL_BYTES: Final = 100 * 1024 * 1024  # what PyPI takes without asking


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the files of the repository alone: without a page, Node or the model beside them."""
    folder = tmp_path_factory.mktemp("wheel")
    copy_repository(folder / "source")
    subprocess.run([UV, "build", "-q", "--wheel", folder / "source", "-o", folder], check=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `reyna` command of an environment that holds the wheel, and what it asks for as wheels from the registry."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    place = ("--python", folder / "bin/python")
    subprocess.run([UV, "pip", "install", "-q", *place, "--only-binary", ":all:", f"{wheel}[embedded]"], check=True)
    return folder / "bin/reyna"


def test_there_is_no_wheel_when_the_page_cannot_be_built(tmp_path: Path) -> None:
    copy_repository(tmp_path / "source", without="web/")
    built = subprocess.run(
        [UV, "build", "--wheel", tmp_path / "source", "-o", tmp_path], capture_output=True, text=True
    )
    assert built.returncode != 0
    assert "there is no web/ folder to build the page from" in built.stderr
    assert not list(tmp_path.glob("*.whl"))


def test_the_wheel_is_small_enough_for_the_registry(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


async def test_an_installed_wheel_shows_the_page_the_api_and_a_model(installed: Path, tmp_path: Path) -> None:
    application = Application(tmp_path, {}, reyna=(str(installed),))
    try:
        await application.start()
        assert application.link, "a first start prints a sign-in link"
        async with httpx.AsyncClient(base_url=application.address) as client:
            page = await client.get("/")
            script = page.text.partition('src="')[2].partition('"')[0]
            answers = [await client.get(path) for path in (script, "/schema", "/described/swagger-ui-bundle.js")]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert "javascript" in answers[0].headers["content-type"]
        assert list((application.home / "llama").glob("port")), "the language model was started"
    finally:
        await asyncio.shield(application.stop())


def copy_repository(target: Path, *, without: str | None = None) -> None:
    """Copies every file that git tracks, or would if it were added, except those below the folder `without`."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file() and not (without and name.startswith(without)):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
