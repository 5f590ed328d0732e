"""A restoration goes into an empty home, and refuses what does not fit before it writes anything."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.adapters.memory.files import MemoryFiles
from reyna.adapters.postgres import migrations
from reyna.app.backup.home_files import list_home_files, write_home_file
from reyna.app.backup.restoration import InstallationRestoration
from reyna.app.config import Settings
from reyna.domain.errors import CannotStart
from reyna.embedded.home import Home
from reyna.storage.backup.encryption import BackupKeys
from reyna.storage.backup.manifest import Manifest
from reyna.storage.backup.repository import BackupRepository

NOW = datetime(2026, 5, 4, tzinfo=UTC)
MANIFEST = Manifest(
    name="20260504T000000Z-00000000",
    version="1.0",
    started_at=NOW,
    finished_at=NOW,
    tables_revision=migrations.newest(),
    parts=0,
    rows=0,
    size=0,
    new_size=0,
    index=(),
)


def restoration(home: Path, manifest: Manifest = MANIFEST, **settings: Any) -> InstallationRestoration:
    repository = BackupRepository(MemoryFiles(), BackupKeys(b"k" * 32))
    return InstallationRestoration(Settings(home=home, **settings), repository, manifest)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_an_empty_home_and_one_that_does_not_exist_will_do(tmp_path: Path) -> None:
    await restoration(tmp_path / "new").check_target(force=False)
    await restoration(tmp_path).check_target(force=False)
    assert names_in(tmp_path) == []


async def test_a_home_that_holds_anything_is_refused_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(CannotStart, match="holds something already"):
        await restoration(tmp_path).check_target(force=False)
    await restoration(tmp_path).check_target(force=True)


async def test_a_home_in_which_a_studio_runs_is_refused_even_then(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.lock()
    with pytest.raises(CannotStart, match="a studio is running"):
        await restoration(home.path).check_target(force=True)
    home.unlock()


@pytest.mark.parametrize(
    ("manifest", "settings", "reason"),
    [
        (replace(MANIFEST, tables_revision="v9999_later"), {}, "later version"),
        (replace(MANIFEST, documents=True), {}, "set REYNA_STATE_URL"),
        (MANIFEST, {"state_url": "mongodb://127.0.0.1:9/reyna"}, "do not set REYNA_STATE_URL"),
        (replace(MANIFEST, secret_fingerprint="another"), {"secret": "s" * 32}, "REYNA_SECRET"),
    ],
)
async def test_a_backup_that_does_not_fit_the_settings_is_refused_with_the_setting(
    tmp_path: Path, manifest: Manifest, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CannotStart, match=reason):
        await restoration(tmp_path, manifest, **settings).check_target(force=True)


def test_the_home_is_copied_without_what_belongs_to_one_machine(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.folder("nats")
    for name in ("secret", "nats/workers.json", "nats/port", "postgres.pid", "servers.json", "lock"):
        home.write(name, name)
    found = dict(list_home_files(home.path))
    assert found == {"secret": b"secret", "nats/workers.json": b"nats/workers.json"}
    other = Home(tmp_path / "other")
    for name, content in found.items():
        write_home_file(other, name, content)
    assert dict(list_home_files(other.path)) == found
    assert (other.path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "nats/../../secret", ""])
def test_a_file_that_leads_outside_of_the_home_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotStart, match="with the name"):
        write_home_file(Home(tmp_path / "home"), name, b"")
