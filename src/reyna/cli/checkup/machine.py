"""What can be looked at while no studio runs: the settings, this machine, and the servers that were set."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from reyna.adapters import migrations
from reyna.cli.checkup import Line, broken, ok, unseen, wrong
from reyna.config import CannotStart, Settings, read_settings
from reyna.domain.errors import Fault
from reyna.embedded import llama, nats, postgres
from reyna.embedded.listening import require_free
from reyna.serving import ports_of
from reyna.studio.app import PAGE

ROOM: Final = 1024**3  # bytes that should be free where the studio keeps things; databases stop on a full disk
OURS: Final = 0o700


def settings_of(environment: Mapping[str, str], folder: Path) -> tuple[Settings | None, Line]:
    try:
        return read_settings(environment, folder), ok("settings")
    except CannotStart as mistaken:
        return None, wrong(f"settings: {mistaken}", "correct it in the environment or in reyna.toml")


def home(path: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> list[Line]:
    """The folder itself, as it is: nothing is made and nothing is changed."""
    if not path.exists():
        return [ok(f"{path} will be made at the first start")]
    if not path.is_dir():
        return [wrong(f"{path} is no folder", "set REYNA_HOME to a folder of your own")]
    found = path.stat()
    if found.st_uid != os.geteuid():
        return [wrong(f"{path} does not belong to you", "set REYNA_HOME to a folder of your own")]
    lines = [ok(f"{path} is yours alone")]
    if found.st_mode & 0o777 != OURS:
        lines = [wrong(f"{path} is open to others ({found.st_mode & 0o777:o})", f"chmod 700 {path}")]
    room = free(path)
    said = f"{room / ROOM:,.1f} GiB are free for {path}"
    return [*lines, ok(said) if room >= ROOM else wrong(f"only {said}", "make room on this disk")]


def programs(settings: Settings) -> list[Line]:
    """What is embedded must be installed; what is set is somebody else's."""
    wanted: list[tuple[str, str | None, Callable[[], Any]]] = [
        ("PostgreSQL", settings.postgres_url, postgres.binaries),
        ("nats-server", settings.nats_url, nats.binary),
        ("the language model", settings.llm_url or settings.llm_model, llama.packaged),
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
            lines.append(wrong(reason, mend))
    return lines


def page(folder: Path = PAGE) -> Line:
    if (folder / "index.html").is_file() and (folder / "assets").is_dir():
        return ok("the page is built")
    return wrong("the page is not built", "make web")


def ports(settings: Settings, *, runs: bool) -> list[Line]:
    """Free while no studio runs, and held while one does."""
    lines = []
    for name, port in ports_of(settings).items():
        try:
            require_free(settings.host, port)
        except CannotStart as busy:
            here = wrong(
                f"{name}: {busy}", f"or set {'REYNA_PORT' if name == 'studio' else f'REYNA_{name.upper()}_PORT'}"
            )
            lines.append(ok(f"{name} listens on port {port}") if runs else here)
        else:
            lines.append(
                unseen(f"{name} on port {port}", "nothing listens there; it may run elsewhere")
                if runs
                else ok(f"port {port} is free for {name}")
            )
    return lines


async def databases(urls: Mapping[str, str | None]) -> list[Line]:
    """That those that are set answer, and have the tables of this version; `urls` by the name of the setting."""
    lines = []
    for name, url in urls.items():
        if url is None:
            continue
        try:
            lines.append(await (_mongo(name, url) if url.startswith("mongodb") else _postgres(name, url)))
        except Fault as fault:
            lines.append(broken(name, fault, f"start it, or correct REYNA_{name.upper()}"))
        except CannotStart as unfit:
            lines.append(wrong(str(unfit), "see docs/how-to/use-your-own-servers.md"))
    return lines


async def _postgres(name: str, url: str) -> Line:
    revision, newest = await migrations.revision_at(url), migrations.newest()
    if revision == newest:
        return ok(f"{name}: the database answers, its tables are at {newest}")
    if revision is None:
        return ok(f"{name}: the database answers; its tables are made at the first start")
    if revision > newest:
        return wrong(f"{name}: the tables are of a later version ({revision})", "install that version of the studio")
    return wrong(f"{name}: the tables are at {revision}, not yet at {newest}", "start the studio: it brings them there")


async def _mongo(name: str, url: str) -> Line:
    try:
        from reyna.adapters.mongo import open_mongo
    except ModuleNotFoundError as error:
        return wrong(f"{name}: what speaks to MongoDB is not installed ({error})", "pip install reyna-studio[mongo]")
    database = await open_mongo(url)
    await database.client.close()
    return ok(f"{name}: MongoDB answers, and has transactions")
