"""What can be set, and what was set: read once, from REYNA_* and reyna.toml."""

import difflib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

PREFIX: Final = "REYNA_"
FILE: Final = "reyna.toml"
NOT_OURS: Final = ("REYNA_CONFIG", "REYNA_TEST_")  # where the file is; what only the test suite reads

USER_OF_URL: Final = re.compile(r"(?<=://)([^\s/:@]*:)?[^\s/]*(?=@)")
SECRET_OF_QUERY: Final = re.compile(r"(?<=[?&])((?:password|token|key|secret)=)[^&\s]*")

# The title of a type is how it is told to people: in the reference, and when a value is something else.
Port = Annotated[int, Meta(ge=1, le=65535, title="a number from 1 to 65535")]
Days = Annotated[int, Meta(ge=1, le=36500, title="a number from 1 to 36500")]
Limit = Annotated[int, Meta(ge=0, le=10**15, title="a whole number up to 10^15")]  # stores count to 9 * 10^18
Secret = Annotated[str, Meta(min_length=32, title="a text of 32 characters or more")]
PostgresUrl = Annotated[str, Meta(pattern="^postgres(ql)?://.", title="a URL that starts with postgresql://")]
StateUrl = Annotated[
    str,
    Meta(pattern=r"^(postgres(ql)?|mongodb(\+srv)?)://.", title="a URL that starts with postgresql:// or mongodb://"),
]
NatsUrl = Annotated[str, Meta(pattern="^(nats|tls)://.", title="a URL that starts with nats:// or tls://")]
WebUrl = Annotated[str, Meta(pattern="^https?://.", title="a URL that starts with http:// or https://")]
Level = Annotated[Literal["debug", "info", "warning", "error"], Meta(title="debug, info, warning or error")]
Form = Annotated[Literal["auto", "console", "json"], Meta(title="auto, console or json")]


class CannotStart(Exception):
    """Something must be put right before the studio can start; the message is one line that says what."""


class WrongSetting(CannotStart):
    """A setting is unknown or has a wrong value."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name}: {why}")


def _said(sentence: str, *, secret: bool = False, shown: str | None = None) -> Meta:
    """What the reference says of a setting; `shown` is its default where the value alone would not tell."""
    return Meta(description=sentence, extra={"secret": secret, "shown": shown})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set. A server whose URL is not set is embedded."""

    home: Annotated[Path, _said("Folder of everything the studio keeps on this machine.")] = Path(".reyna")
    host: Annotated[str, _said("Address to listen on; 0.0.0.0 opens the studio to the network.")] = "127.0.0.1"
    port: Annotated[Port, _said("Port of the studio.")] = 8010
    schemas_port: Annotated[Port, _said("Port of the schema service.")] = 8011
    state_port: Annotated[Port, _said("Port of the state service.")] = 8006
    processors_port: Annotated[Port, _said("Port of the processor service.")] = 8007
    postgres_url: Annotated[PostgresUrl | None, _said("A PostgreSQL of your own.", secret=True, shown="embedded")] = (
        None
    )
    state_url: Annotated[
        StateUrl | None,
        _said("Where the state service stores, if elsewhere.", secret=True, shown="as `postgres_url`"),
    ] = None
    nats_url: Annotated[NatsUrl | None, _said("A NATS server of your own.", secret=True, shown="embedded")] = None
    llm_url: Annotated[WebUrl | None, _said("An OpenAI-compatible endpoint.", secret=True, shown="embedded")] = None
    llm_key: Annotated[str | None, _said("Key for that endpoint.", secret=True)] = None
    llm_model: Annotated[
        str | None,
        _said("Model to ask for there; without `llm_url`, a GGUF file of your own.", shown="SmolLM2-135M-Instruct"),
    ] = None
    secret: Annotated[
        Secret | None,
        _said(
            "Signs what the services tell each other; the same for all of them.",
            secret=True,
            shown="made up and kept in `home`/secret",
        ),
    ] = None
    event_days: Annotated[Days, _said("Days for which events can be replayed.")] = 30
    trash_days: Annotated[
        Days | None, _said("Days after which what is in the trash goes for good by itself.", shown="never")
    ] = None
    quota_blobs: Annotated[Limit | None, _said("Blobs that each user may keep, the trash included.", shown="none")] = (
        None
    )
    quota_bytes: Annotated[
        Limit | None, _said("Bytes of blob data that each user may keep, the trash included.", shown="none")
    ] = None
    quota_buckets: Annotated[
        Limit | None, _said("Buckets that each user may keep, the trash included.", shown="none")
    ] = None
    quota_runs: Annotated[
        Limit | None, _said("Runs of processors that each user may request in a day (UTC).", shown="none")
    ] = None
    log_level: Annotated[Level, _said("The least important level that is logged.")] = "info"
    log_format: Annotated[Form, _said("Lines for people or for programs; auto: people at a terminal.")] = "auto"

    def __repr__(self) -> str:
        shown = (f"{field.name}={_shown(field.name, getattr(self, field.name))!r}" for field in _fields())
        return f"Settings({', '.join(shown)})"

    def quota(self) -> dict[str, int | None]:
        """The limits of each user by what they limit, None for no limit."""
        return {
            "blobs": self.quota_blobs,
            "bytes": self.quota_bytes,
            "buckets": self.quota_buckets,
            "runs": self.quota_runs,
        }

    def signing_secret(self) -> bytes:
        """`secret`, or the one kept in `home`, made up at the first call."""
        return (self.secret or kept_secret(self.home / "secret")).encode()


class Setting(msgspec.Struct, frozen=True):
    """One row of the reference: `type` and `default` in words."""

    name: str
    type: str
    default: str
    sentence: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def read_settings(environment: Mapping[str, str], folder: Path) -> Settings:
    """What the environment says, then what the file named by REYNA_CONFIG or `folder`/reyna.toml says, then defaults.

    An empty variable counts as not set. Raises WrongSetting, naming the setting.
    """
    values: dict[str, Any] = {}
    for where, name, given in (*_from_file(environment, folder), *_from(environment)):
        values[name] = _converted(where, name, given)
    found = Settings(**values)
    _fit_together(found)
    return found


def reference() -> str:
    """The table of settings, in Markdown."""
    head = "| `reyna.toml` | environment | type | default | |\n|---|---|---|---|---|\n"
    rows = (f"| `{s.name}` | `{s.variable}` | {s.type} | {s.default} | {s.sentence} |" for s in SETTINGS)
    return head + "\n".join(rows) + "\n"


def without_password(text: str) -> str:
    """The text, with the password or token of every URL in it left out."""
    hidden = USER_OF_URL.sub(lambda user: f"{user[1] or ''}***", text) if "@" in text else text
    return SECRET_OF_QUERY.sub(r"\1***", hidden)


def kept_secret(path: Path) -> str:
    """The secret in this file; made up first when it is not there (0600, and never half written)."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(fresh)  # fails when another process was faster: its secret counts
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def _from(environment: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """(as it was written, name of the setting, value) of each that is set."""
    ours = sorted(name for name in environment if name.startswith(PREFIX) and not name.startswith(NOT_OURS))
    names = {PREFIX + field.name.upper(): field.name for field in _fields()}
    return [
        (where, names.get(where, where.removeprefix(PREFIX)), environment[where])
        for where in ours
        if environment[where]
    ]


def _from_file(environment: Mapping[str, str], folder: Path) -> list[tuple[str, str, Any]]:
    named = environment.get("REYNA_CONFIG")
    path = folder / (named or FILE)
    try:
        return [(name, name, given) for name, given in tomllib.loads(path.read_text(encoding="utf-8")).items()]
    except FileNotFoundError:
        if named:
            raise WrongSetting("REYNA_CONFIG", f"there is no file {path}") from None
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(str(path), str(error)) from None


def _converted(where: str, name: str, given: Any) -> Any:
    field = next((field for field in _fields() if field.name == name), None)
    if field is None:
        raise WrongSetting(where, f"there is no such setting{_nearest(where, name)}")
    try:
        if name == "home":
            return Path(msgspec.convert(given, str)).expanduser()
        return msgspec.convert(given, field.type, strict=False)
    except msgspec.ValidationError:
        row = _row(name)
        got = "" if row.secret else f", not {given!r}"
        raise WrongSetting(where, f"expected {row.type}{got}") from None


def _nearest(where: str, name: str) -> str:
    wanted = name.removeprefix(PREFIX).lower()
    near = difflib.get_close_matches(wanted, [field.name for field in _fields()], n=1)
    if not near:
        return ""
    return f"; did you mean {near[0] if where == name else PREFIX + near[0].upper()}?"


def _fit_together(found: Settings) -> None:
    ports = {"port": found.port, "schemas_port": found.schemas_port, "state_port": found.state_port,
             "processors_port": found.processors_port}  # fmt: skip
    for name, port in ports.items():
        for other, same in ports.items():
            if name < other and port == same:
                raise WrongSetting(_row(name).variable, f"{port} is also the value of {_row(other).variable}")
    if found.llm_url and not found.llm_model:
        raise WrongSetting("REYNA_LLM_MODEL", "must name the model to ask REYNA_LLM_URL for")
    if found.llm_model and not found.llm_url and not found.llm_model.endswith(".gguf"):
        raise WrongSetting("REYNA_LLM_MODEL", "without REYNA_LLM_URL, this must be the path of a .gguf file")


def _fields() -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(Settings)


def _notes(kind: Any) -> list[Meta]:
    """Every note on a type and on what it is made of, outermost first."""
    inner = [note for part in get_args(kind)[: 1 if get_origin(kind) is Annotated else None] for note in _notes(part)]
    return [*getattr(kind, "__metadata__", ()), *inner]


def _setting(field: msgspec.structs.FieldInfo) -> Setting:
    notes = _notes(field.type)
    said = next(note for note in notes if note.description)
    words = next((note.title for note in notes if note.title), "a path" if field.name == "home" else "a text")
    extra = said.extra or {}
    default = extra["shown"] or ("" if field.default is None else f"`{field.default}`")
    return Setting(field.name, words, default, said.description or "", extra["secret"])


SETTINGS: Final = tuple(_setting(field) for field in _fields())


def _row(name: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.name == name)


def _shown(name: str, value: Any) -> Any:
    """A value as it may be seen by anyone: of a URL all but its password, of another secret nothing."""
    if value is None or not _row(name).secret:
        return value
    return without_password(value) if name.endswith("_url") else "***"
