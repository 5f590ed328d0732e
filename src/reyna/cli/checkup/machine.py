"""Checks that need no running studio: settings, this machine, and the servers that are set."""

import os
import shutil
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import msgspec

from reyna.adapters.postgres import migrations
from reyna.app.config import Settings, read_settings
from reyna.app.lifecycle import local_address, port_of
from reyna.app.services import SERVICES, find_service
from reyna.cli.checkup import CheckResult, fault_problem, not_checked, ok, problem
from reyna.domain.errors import CannotStart, Fault
from reyna.embedded import llama, nats, postgres
from reyna.embedded.home import Home
from reyna.embedded.tcp_ports import holder_pids, require_free
from reyna.services.studio.page_routes import PAGE_FOLDER

MIN_FREE_BYTES: Final = (
    1024**3
)  # bytes that should be free where the studio keeps things; databases stop on a full disk
PRIVATE_MODE: Final = 0o700
HEALTH_TIMEOUT_SECONDS: Final = 2.0
MAX_HEALTH_BYTES: Final = 10_000


def check_settings(environment: Mapping[str, str], folder: Path) -> tuple[Settings | None, CheckResult]:
    try:
        return read_settings(environment, folder), ok("settings")
    except CannotStart as mistaken:
        return None, problem(f"settings: {mistaken}", "correct it in the environment or in reyna.toml")


def check_home(
    path: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
) -> list[CheckResult]:
    """Checks the home folder; creates and changes nothing."""
    if not path.exists():
        return [ok(f"{path} will be made at the first start")]
    if not path.is_dir():
        return [problem(f"{path} is no folder", "set REYNA_HOME to a folder of your own")]
    found = path.stat()
    if found.st_uid != os.geteuid():
        return [problem(f"{path} does not belong to you", "set REYNA_HOME to a folder of your own")]
    lines = [ok(f"{path} is yours alone")]
    if found.st_mode & 0o777 != PRIVATE_MODE:
        lines = [problem(f"{path} is open to others ({found.st_mode & 0o777:o})", f"chmod 700 {path}")]
    room = free(path)
    said = f"{room / MIN_FREE_BYTES:,.1f} GiB are free for {path}"
    return [*lines, ok(said) if room >= MIN_FREE_BYTES else problem(f"only {said}", "make room on this disk")]


def check_programs(settings: Settings) -> list[CheckResult]:
    """Checks that the programs of embedded servers are installed."""
    wanted: list[tuple[str, str | None, Callable[[], Any]]] = [
        ("PostgreSQL", settings.postgres_url, postgres.binaries),
        ("nats-server", settings.nats_url, nats.binary),
        ("the language model", settings.llm_url or settings.llm_model, llama.find_packaged_model),
    ]
    lines = []
    for name, instead, look in wanted:
        if instead is not None:
            continue
        try:
            look()
            lines.append(ok(f"{name} is installed"))
        except CannotStart as missing:
            reason, _, mend = str(missing).partition(": ")
            lines.append(problem(reason, mend))
    return lines


def check_page(folder: Path = PAGE_FOLDER) -> CheckResult:
    if (folder / "index.html").is_file() and (folder / "assets").is_dir():
        return ok("the page is built")
    return problem("the page is not built", "make web")


def check_ports(settings: Settings, *, runs: bool) -> list[CheckResult]:
    """Checks that ports are free while no studio runs, and held by its services while one does."""
    lines = []
    for service in SERVICES:
        name, port = service.name, port_of(settings, service.name)
        try:
            require_free(settings.host, port)
        except CannotStart as busy:
            ours = runs and is_our_service(settings, name, port)
            setting = f"REYNA_{service.port_setting.upper()}"
            lines.append(
                ok(f"{name} listens on port {port}") if ours else problem(f"{name}: {busy}", f"or set {setting}")
            )
        else:
            lines.append(
                not_checked(f"{name} on port {port}", "nothing listens there; it may run elsewhere")
                if runs
                else ok(f"port {port} is free for {name}")
            )
    return lines


def is_our_service(settings: Settings, name: str, port: int) -> bool:
    """Tells whether the listener on this port answers as this service does, and belongs to the studio of this home.

    The second can only be told where one process runs the whole studio, with workers or without, and the system tells
    who listens.
    """
    studio = Home(settings.home).holder_pid() if settings.home.exists() else None
    listeners = holder_pids(port)
    if studio and listeners and studio not in listeners:
        return False
    connection = HTTPConnection(local_address(settings.host), port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = msgspec.json.decode(connection.getresponse().read(MAX_HEALTH_BYTES), type=dict[str, Any])
    except (OSError, HTTPException, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    finally:
        connection.close()
    return bool(answer.get("service") == find_service(name).title)


async def check_databases(urls: Mapping[str, str | None]) -> list[CheckResult]:
    """Checks that databases answer and have the tables of this version; `urls` by the name of the setting."""
    lines = []
    for name, url in urls.items():
        if url is None:
            continue
        try:
            lines.append(await (_mongo(name, url) if url.startswith("mongodb") else _postgres(name, url)))
        except Fault as fault:
            lines.append(fault_problem(name, fault, f"start it, or correct REYNA_{name.upper()}"))
        except CannotStart as unfit:
            lines.append(problem(str(unfit), "see docs/how-to/use-your-own-servers.md"))
    return lines


async def _postgres(name: str, url: str) -> CheckResult:
    revision, newest = await migrations.revision_at(url), migrations.newest()
    if revision == newest:
        return ok(f"{name}: the database answers, its tables are at {newest}")
    if revision is None:
        return ok(f"{name}: the database answers; its tables are made at the first start")
    if revision > newest:
        return problem(f"{name}: the tables are of a later version ({revision})", "install that version of the studio")
    return problem(
        f"{name}: the tables are at {revision}, not yet at {newest}", "start the studio: it brings them there"
    )


async def _mongo(name: str, url: str) -> CheckResult:
    try:
        from reyna.adapters.mongo.connection import open_mongo
    except ModuleNotFoundError as error:
        return problem(f"{name}: what speaks to MongoDB is not installed ({error})", "pip install reyna-studio[mongo]")
    database = await open_mongo(url)
    await database.client.close()
    return ok(f"{name}: MongoDB answers, and has transactions")
