"""The embedded servers start, stay up, recover, and leave nothing behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import nats
import pytest
import structlog

from reyna.app.addresses import Addresses, running_addresses
from reyna.app.config import Settings
from reyna.app.servers import Servers, run_servers
from reyna.embedded.home import Home, HomeBusy
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from reyna.embedded.server_process import DidNotStart, wrap_command
from tests.embedded.conftest import (
    STUDIO,
    Opens,
    close_studio,
    command_lines_in,
    modes,
    paths_in,
    pids,
    wait_until_ended,
)


async def store_value(servers: Addresses) -> None:
    """Leave something in each server that acknowledges what it was given."""
    database = await asyncpg.connect(servers.postgres_url)
    await database.execute("CREATE TABLE note (text text)")
    await database.execute("INSERT INTO note VALUES ('The ship sailed into the storm.')")
    await database.close()
    bus = await nats.connect(servers.nats_url)
    await bus.jetstream().add_stream(name="NOTES", subjects=["note"])
    await bus.jetstream().publish("note", b"The ship sailed into the storm.")
    await bus.close()


async def read_value(servers: Addresses) -> list[str]:
    database = await asyncpg.connect(servers.postgres_url)
    text = await database.fetchval("SELECT text FROM note")
    await database.close()
    bus = await nats.connect(servers.nats_url)
    message = await bus.jetstream().get_msg("NOTES", 1)
    await bus.close()
    return [text, (message.data or b"").decode()]


async def test_what_was_acknowledged_is_there_after_kill_9_of_everything(
    open_studio: Opens, settings: Settings, home: Path
) -> None:
    studio, servers = await open_studio()
    await store_value(servers)
    victims = [studio.pid, *pids(home).values()]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*(wait_until_ended(pid) for pid in victims))

    async with run_servers(settings) as healed:
        assert await read_value(healed) == ["The ship sailed into the storm."] * 2


async def test_a_removed_password_is_made_anew_and_nothing_is_lost(settings: Settings, home: Path) -> None:
    async with run_servers(settings) as servers:
        await store_value(servers)
        before = servers.postgres_url
    for name in ("postgres-password", "nats-password"):
        (home / name).unlink()
    async with run_servers(settings) as servers:
        assert servers.postgres_url != before
        assert await read_value(servers) == ["The ship sailed into the storm."] * 2


async def test_another_password_in_the_file_stops_the_start_with_one_line(settings: Settings, home: Path) -> None:
    (home / "postgres-password").write_text("w" * 40)
    with pytest.raises(DidNotStart, match=r"postgres has another password than .*/postgres-password: restore it"):
        await Servers(settings).start()


async def test_garbage_where_a_port_and_pids_were_kept_is_no_hindrance(settings: Settings, home: Path) -> None:
    for name in ("nats/port", "nats.pid", "postgres.pid"):
        (home / name).write_bytes(b"\xff garbage \0")
    async with run_servers(settings) as servers:
        await store_value(servers)


async def test_the_servers_die_with_a_studio_that_is_killed(open_studio: Opens, home: Path) -> None:
    studio, _ = await open_studio()
    servers = pids(home)
    assert servers.keys() == {"postgres", "nats"}
    studio.kill()
    await asyncio.gather(*(wait_until_ended(pid) for pid in servers.values()))


async def test_a_leftover_of_a_killed_studio_is_ended(home: Path) -> None:
    leftover = await start_sleeper(f"{home}/nats/nats.conf")
    Home(home).write("nats.pid", str(leftover.pid))
    server = Nats(Home(home))
    await server.start()
    assert await leftover.wait() == -signal.SIGTERM
    await server.stop()


async def test_a_stranger_whose_number_was_ours_is_left_alone(home: Path) -> None:
    stranger = await start_sleeper("nothing of ours")
    Home(home).write("nats.pid", str(stranger.pid))
    server = Nats(Home(home))
    await server.start()
    await server.stop()
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


async def start_sleeper(word: str) -> asyncio.subprocess.Process:
    """A process that does nothing, with this word on its command line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", "import signal; print(flush=True); signal.pause()", word),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    await process.stdout.readline()
    return process


async def test_a_postgres_whose_old_number_is_now_someone_elses_starts(home: Path) -> None:
    server = Postgres(Home(home))
    await server.start()
    await server.stop()
    # what a kill -9 leaves, the pid given to a process that lives: the first line is all that PostgreSQL asks about
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{home}/postgres\n0\n5432\n\n\n0 0\nready\n")
    (home / "socket" / ".s.PGSQL.5432.lock").write_text(f"{os.getppid()}\n")
    await server.start()
    await server.stop()


async def test_a_second_start_on_the_same_home_is_refused_and_told_who_is_there(
    open_studio: Opens, settings: Settings
) -> None:
    studio, _ = await open_studio()
    with pytest.raises(HomeBusy, match=f"in use by process {studio.pid}"):
        await Servers(settings).start()
    await close_studio(studio)
    async with run_servers(settings):
        pass


async def test_a_server_that_dies_is_started_again_at_the_same_address(home: Path) -> None:
    server = Nats(Home(home))
    await server.start()
    url, first = server.url, server.process.pid
    assert first
    os.kill(first, signal.SIGKILL)
    await server.process.restarted.wait()
    bus = await nats.connect(server.url)
    await bus.close()
    assert (server.url == url, server.process.pid != first) == (True, True)
    await server.stop()


async def test_a_refused_statement_does_not_put_its_content_into_the_log(home: Path) -> None:
    server = Postgres(Home(home))
    with structlog.testing.capture_logs() as captured:
        await server.start()
        database = await asyncpg.connect(server.url)
        with pytest.raises(asyncpg.PostgresError):
            await database.execute("SELECT 'The ship'::int")
        await database.close()
        await server.stop()
    heard = [str(line) for line in captured]
    assert "ready to accept connections" in " ".join(heard)
    assert "ship" not in " ".join(heard)


async def test_a_postgres_that_is_killed_over_a_busy_session_comes_back(home: Path) -> None:
    server = Postgres(Home(home))
    await server.start()
    database = await asyncpg.connect(server.url)
    await database.execute("CREATE TABLE started ()")
    busy = asyncio.create_task(database.execute("DO 'BEGIN LOOP END LOOP; END'"))  # never looks up from its work
    watcher = await asyncpg.connect(server.url)
    while not await watcher.fetchval("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'"):
        pass
    assert server.process.pid
    os.kill(server.process.pid, signal.SIGKILL)
    await server.process.restarted.wait()
    again = await asyncpg.connect(server.url)
    assert await again.fetch("SELECT * FROM started") == []
    await asyncio.gather(busy, return_exceptions=True)
    for connection in (database, watcher):
        connection.terminate()
    await again.close()
    await server.stop()


async def test_stop_leaves_nothing_running(settings: Settings, home: Path) -> None:
    servers = Servers(settings)
    await servers.start()
    assert len(command_lines_in(home)) >= 2
    await servers.stop()
    assert command_lines_in(home) == []
    assert pids(home) == {}
    assert not (home / "servers.json").exists()


async def test_a_session_that_will_not_end_does_not_hold_up_the_stop(home: Path) -> None:
    server = Postgres(Home(home))
    await server.start()
    database = await asyncpg.connect(server.url)
    waiting = asyncio.create_task(database.execute("SELECT pg_sleep(3600)"))
    await asyncio.sleep(0)
    await server.stop()
    assert command_lines_in(home) == []
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await waiting
    database.terminate()


@pytest.mark.parametrize("uid", [0, 1000])
async def test_root_and_an_ordinary_user_alike_can_run_it(open_studio: Opens, uid: int) -> None:
    wrapper = wrap_command([], signal.SIGKILL, None if os.geteuid() == uid else uid)
    _, servers = await open_studio(*wrapper)
    await store_value(servers)
    assert await read_value(servers) == ["The ship sailed into the storm."] * 2


async def test_the_home_is_ours_alone_and_nothing_around_it_changes(settings: Settings, home: Path) -> None:
    around = [*home.parents, Path(sys.prefix), Path(sys.executable)]
    before = modes(*around)
    async with run_servers(settings) as servers:
        await store_value(servers)
        found = modes(*paths_in(home))
    assert found.keys() > {str(home), f"{home}/socket/.s.PGSQL.5432", f"{home}/nats/nats.conf", f"{home}/servers.json"}
    assert {path: mode for path, mode in found.items() if mode[0] & 0o077 or mode[1] != os.geteuid()} == {}
    assert modes(*around) == before


async def test_nobody_without_the_password_gets_in(settings: Settings, home: Path) -> None:
    async with run_servers(settings):
        for password in ("guessed", ""):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
                await asyncpg.connect(host=str(home / "socket"), user="reyna", password=password, database="reyna")
        port = (home / "nats" / "port").read_text()
        for user in ("", "reyna:guessed@"):
            with pytest.raises(nats.errors.Error, match=r"[Aa]uthorization"):
                await nats.connect(f"nats://{user}127.0.0.1:{port}", allow_reconnect=False, error_cb=ignores_signals)


async def ignores_signals(_: Exception) -> None:
    """Raised by `connect` as well."""


async def test_a_server_that_cannot_start_says_why_and_nothing_is_left(settings: Settings, home: Path) -> None:
    (home / "postgres" / "PG_VERSION").write_text("9.0\n")
    with pytest.raises(DidNotStart, match="database files are incompatible with server"):
        await Servers(settings).start()
    assert command_lines_in(home) == []


async def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    (home.folder("postgres.unfinished") / "PG_VERSION").write_text("18\n")
    server = Postgres(home)
    await server.start()
    await server.stop()
    assert modes(home.path / "postgres.unfinished") == {}


async def test_a_home_with_a_very_long_path_gets_a_short_private_socket(home: Path) -> None:
    server = Postgres(Home(move_home(home, "deep" * 20)))
    await server.start()
    socket = Path(server.url.partition("?host=")[2])
    assert modes(socket) == {str(socket): (0o700, os.geteuid())}
    database = await asyncpg.connect(server.url)
    await database.close()
    await server.stop()
    assert modes(socket) == {}


def move_home(home: Path, name: str) -> Path:
    return home.rename(home.with_name(name))


async def test_what_is_set_is_not_started(tmp_path: Path) -> None:
    everything = Settings(
        home=tmp_path / "new",
        postgres_url="postgresql://ana:secret@db/reyna",
        nats_url="nats://bus",
        llm_url="https://models/v1",
        llm_key="key",
        llm_model="large",
    )
    async with run_servers(everything) as servers:
        assert (servers.postgres_url, servers.state_url) == (everything.postgres_url,) * 2
        assert (servers.nats_url, servers.llm_key, servers.llm_model) == ("nats://bus", "key", "large")
    assert modes(everything.home) == {}


async def test_a_command_beside_a_running_studio_finds_its_servers(settings: Settings, home: Path) -> None:
    assert running_addresses(home) is None
    async with run_servers(settings) as servers:
        assert running_addresses(home) == servers
    assert running_addresses(home) is None


def test_passwords_are_not_shown() -> None:
    url = "postgresql://reyna:geheim@/reyna"
    servers = Addresses(postgres_url=url, state_url=url, nats_url=url, llm_url=url, llm_key="geheim", llm_model="small")
    assert "geheim" not in repr(servers)


async def test_root_without_user_namespaces_is_told_what_to_set(home: Path) -> None:
    forbidding = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"'
    as_root = wrap_command(
        ["/bin/sh", "-c", forbidding], signal.SIGKILL, 0
    )  # in a namespace of its own, where it may say so
    studio = await asyncio.create_subprocess_exec(
        *(*as_root, sys.executable, str(STUDIO), str(home)),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await studio.communicate()
    assert b"start as an ordinary user, or set REYNA_POSTGRES_URL" in said.splitlines()[-1]
    assert command_lines_in(home) == []


async def test_nats_knows_whether_the_machine_went_down_under_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = Nats(home, boot="one")
    await first.start()
    assert not first.lost_power
    await first.stop()
    in_good_order = Nats(home, boot="two")
    await in_good_order.start()
    assert not in_good_order.lost_power
    assert in_good_order.process.pid
    os.kill(in_good_order.process.pid, signal.SIGKILL)
    killed = Nats(home, boot="two")
    await in_good_order.process.stop()
    await killed.start()
    assert not killed.lost_power  # the system has written what it was given
    await killed.process.stop()
    after_a_power_cut = Nats(home, boot="three")
    await after_a_power_cut.start()
    assert after_a_power_cut.lost_power
    await after_a_power_cut.stop()
