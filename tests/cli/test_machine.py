"""The doctor's checks of this machine, with nothing running."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from reyna.adapters.postgres.migrations import migrate, newest
from reyna.app.config import Settings
from reyna.cli.checkup import CheckResult, machine
from reyna.cli.checkup.machine import MIN_FREE_BYTES
from reyna.domain.errors import CannotStart


def roomy(_: Path) -> int:
    return 2 * MIN_FREE_BYTES


def states(lines: list[CheckResult]) -> list[str]:
    return [line.state for line in lines]


def test_a_wrong_setting_is_named_with_how_to_mend_it(tmp_path: Path) -> None:
    settings, line = machine.check_settings({"REYNA_QUOTA_BLOBS": "many"}, tmp_path)
    assert settings is None
    assert line.state == "wrong"
    assert "REYNA_QUOTA_BLOBS: expected a whole number" in line.what
    settings, line = machine.check_settings({"REYNA_QUOTA_BLOBS": "5"}, tmp_path)
    assert (settings and settings.quota_blobs, line.state) == (5, "ok")


def test_a_home_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    assert states(machine.check_home(tmp_path / "home", roomy)) == ["ok"]
    assert not (tmp_path / "home").exists()


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    [line] = machine.check_home(tmp_path / "home", roomy)
    assert (line.state, line.what) == ("wrong", f"{tmp_path / 'home'} is no folder")


def test_a_home_that_others_can_open_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    first, _ = machine.check_home(tmp_path, roomy)
    assert (first.state, first.mend) == ("wrong", f"chmod 700 {tmp_path}")
    assert tmp_path.stat().st_mode & 0o777 == 0o750
    tmp_path.chmod(0o700)
    assert states(machine.check_home(tmp_path, roomy)) == ["ok", "ok"]


def test_a_disk_that_is_nearly_full_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    _, room = machine.check_home(tmp_path, lambda _: MIN_FREE_BYTES // 2)
    assert (room.state, room.mend) == ("wrong", "make room on this disk")
    assert "only 0.5 GiB" in room.what


def test_what_is_set_need_not_be_installed() -> None:
    assert len(machine.check_programs(Settings())) == 3
    elsewhere = Settings(
        postgres_url="postgresql://db/reyna", nats_url="nats://bus", llm_url="http://model", llm_model="small"
    )
    assert machine.check_programs(elsewhere) == []


def test_a_page_that_is_not_built_is_named(tmp_path: Path) -> None:
    assert machine.check_page(tmp_path) == CheckResult("wrong", "the page is not built", "make web")
    (tmp_path / "index.html").touch()
    (tmp_path / "assets").mkdir()
    assert machine.check_page(tmp_path).state == "ok"


@pytest.fixture
def held() -> Iterator[Settings]:
    """The studio's port is held by this test, the others are free."""
    with socket.socket() as taken, socket.socket() as one, socket.socket() as two, socket.socket() as three:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free = []
        for probe in (one, two, three):
            probe.bind(("127.0.0.1", 0))
            free.append(probe.getsockname()[1])
        for probe in (one, two, three):
            probe.close()
        yield Settings(port=taken.getsockname()[1], schemas_port=free[0], state_port=free[1], processors_port=free[2])


def test_a_port_that_another_holds_is_wrong_unless_a_studio_runs(held: Settings) -> None:
    assert states(machine.check_ports(held, runs=False)) == ["ok", "ok", "ok", "wrong"]
    assert states(machine.check_ports(held, runs=True)) == ["could not look"] * 3 + ["wrong"]


async def test_a_port_is_ours_only_when_our_service_answers_there(tmp_path: Path) -> None:
    async def answer(body: str) -> tuple[asyncio.Server, Settings]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        return server, Settings(home=tmp_path / "home", port=server.sockets[0].getsockname()[1])

    for body, ours in [
        ('{"status":"up","service":"ReYNa Studio"}', True),
        ('{"status":"up","service":"ReYNa Studio: state"}', False),
        ('{"status":"up"}', False),
        ('["up"]', False),
        ("<html>", False),
    ]:
        server, settings = await answer(body)
        assert await asyncio.to_thread(machine.is_our_service, settings, "studio", settings.port) is ours, body
        server.close()
        await server.wait_closed()


async def test_tables_of_a_later_version_are_told_in_one_line(database_url: str) -> None:
    await migrate(database_url)
    connection = await asyncpg.connect(database_url)
    await connection.execute("update reyna.migrated set version_num = 'v9999_later'")
    await connection.close()
    with pytest.raises(CannotStart, match=r"^the tables are of a later version \(v9999_later\): install that version"):
        await migrate(database_url)


async def test_a_database_is_told_by_the_version_of_its_tables(database_url: str) -> None:
    urls = {"postgres_url": database_url, "state_url": None}
    (fresh,) = await machine.check_databases(urls)
    assert (fresh.state, "made at the first start" in fresh.what) == ("ok", True)
    await migrate(database_url)
    (line,) = await machine.check_databases(urls)
    assert (line.state, newest() in line.what) == ("ok", True)


async def test_a_database_that_does_not_answer_is_named_by_its_setting() -> None:
    (line,) = await machine.check_databases({"state_url": "postgresql://127.0.0.1:9/reyna"})
    assert line.state == "wrong"
    assert "REYNA_STATE_URL" in line.mend


async def test_mongodb_is_asked_for_its_transactions(mongo_url: str) -> None:
    (line,) = await machine.check_databases({"state_url": mongo_url})
    assert (line.state, "transactions" in line.what) == ("ok", True)
