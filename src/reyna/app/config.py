"""The settings of the studio, and reading them from REYNA_* variables and reyna.toml."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.app.settings.descriptions import annotations_of
from reyna.app.settings.descriptions import describe as _describe
from reyna.app.settings.loopback import is_loopback
from reyna.app.settings.outward import BackupAt, BackupKeep, BackupPassphraseFile, BackupUrl, WebhookPrivate
from reyna.app.settings.user_weights import read_user_weights
from reyna.app.settings.value_types import (
    Answer,
    Connections,
    Count,
    Days,
    FilesUrl,
    Hours,
    Limit,
    LogFormat,
    LogLevel,
    NatsUrl,
    OnOrOff,
    Parallel,
    PasswordHash,
    Port,
    PostgresUrl,
    Price,
    Processes,
    RegistrationMode,
    Seconds,
    Secret,
    StateUrl,
    WebUrl,
)
from reyna.domain.errors import WrongSetting
from reyna.domain.text.redaction import redact_passwords
from reyna.embedded.secret_file import read_or_create_secret
from reyna.language.circuit_breaker import OPEN_SECONDS
from reyna.language.retries import RETRY_PAUSES_SECONDS
from reyna.language.retry_seconds import format_seconds, read_seconds
from reyna.language.timeouts import DEFAULT_TIMEOUTS, LanguageTimeouts
from reyna.ports.bus import RETRY_DELAYS_SECONDS
from reyna.storage.backup.retention import parse_retention

VARIABLE_PREFIX: Final = "REYNA_"
SETTINGS_FILE: Final = "reyna.toml"
COMMAND_VARIABLES: Final = frozenset(  # read where a command wants them
    {"REYNA_CONFIG", "REYNA_CREDENTIAL", "REYNA_URL", "REYNA_TOKEN"}
)
TEST_PREFIX: Final = "REYNA_TEST_"  # what only the test suite reads


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. A server whose URL is not set is embedded."""

    home: Annotated[Path, _describe("Folder of everything that the studio stores on this machine.")] = Path(".reyna")
    host: Annotated[str, _describe("Address to listen on; 0.0.0.0 opens the studio to the network.")] = "127.0.0.1"
    port: Annotated[Port, _describe("Port of the studio.")] = 8010
    schemas_port: Annotated[Port, _describe("Port of the schema service.")] = 8011
    state_port: Annotated[Port, _describe("Port of the state service.")] = 8006
    processors_port: Annotated[Port, _describe("Port of the processor service.")] = 8007
    workers: Annotated[
        Processes,
        _describe("Processes that run the gateway and the state service behind one port; more than 1 needs Linux."),
    ] = 1
    postgres_url: Annotated[
        PostgresUrl | None, _describe("A PostgreSQL of your own.", secret=True, shown="embedded")
    ] = None
    state_url: Annotated[
        StateUrl | None,
        _describe("Where the state service stores, if elsewhere.", secret=True, shown="as `postgres_url`"),
    ] = None
    files_url: Annotated[
        FilesUrl | None,
        _describe("Where the content of files is kept.", secret=True, shown="the folder `files` in `home`"),
    ] = None
    files_grace_hours: Annotated[
        Hours, _describe("Hours for which a file is kept that no blob refers to, not even one in the trash.")
    ] = 168
    max_file_bytes: Annotated[Limit, _describe("Bytes that one file may have.")] = 10 * 1024**3
    nats_url: Annotated[NatsUrl | None, _describe("A NATS server of your own.", secret=True, shown="embedded")] = None
    llm_url: Annotated[WebUrl | None, _describe("An OpenAI-compatible endpoint.", secret=True, shown="embedded")] = None
    llm_key: Annotated[str | None, _describe("Key for that endpoint.", secret=True)] = None
    llm_model: Annotated[
        str | None,
        _describe("Model to ask for there; without `llm_url`, a GGUF file of your own.", shown="SmolLM2-135M-Instruct"),
    ] = None
    llm_parallel: Annotated[
        Parallel | None,
        _describe("Answers that one language model writes at the same time; more calls wait.", shown="64, embedded 4"),
    ] = None
    llm_price_input: Annotated[
        Price | None,
        _describe("US dollars for a million tokens of input of that model.", shown="that of its provider, if known"),
    ] = None
    llm_price_output: Annotated[
        Price | None,
        _describe("US dollars for a million tokens of its output.", shown="that of its provider, if known"),
    ] = None
    embeddings: Annotated[OnOrOff, _describe("Search by meaning too; off: by words alone.")] = "on"
    embeddings_url: Annotated[WebUrl | None, _describe("Endpoint for embeddings.", secret=True, shown="embedded")] = (
        None
    )
    embeddings_key: Annotated[str | None, _describe("Key for that endpoint.", secret=True)] = None
    embeddings_model: Annotated[str | None, _describe("Model to ask for there.", shown="multilingual-e5-small")] = None
    llm_first_text_seconds: Annotated[
        Seconds, _describe("Seconds until the first text of an answer, after which the call is given up.")
    ] = DEFAULT_TIMEOUTS.first_text
    llm_silence_seconds: Annotated[
        Seconds, _describe("Seconds without text in the middle of an answer, after which the call is given up.")
    ] = DEFAULT_TIMEOUTS.between_texts
    llm_retry_seconds: Annotated[
        str,
        _describe("Seconds before each repetition of a call that failed before its first text."),
    ] = format_seconds(RETRY_PAUSES_SECONDS)
    llm_breaker_seconds: Annotated[
        Seconds,
        _describe("Seconds for which an endpoint that failed five times in a row is left alone, at first."),
    ] = OPEN_SECONDS
    retry_seconds: Annotated[
        str,
        _describe("Seconds before each further attempt at a run that failed; after the last one it is given up."),
    ] = format_seconds(RETRY_DELAYS_SECONDS)
    private_models: Annotated[
        Answer | None,
        _describe(
            "Users may add models at addresses of private networks, which the studio then calls.",
            shown="true where `host` is this machine alone, otherwise false",
        ),
    ] = None
    secret: Annotated[
        Secret | None,
        _describe(
            "Signs the calls between services; the same for all of them.",
            secret=True,
            shown="generated and kept in `home`/secret",
        ),
    ] = None
    registration: Annotated[
        RegistrationMode | None,
        _describe(
            "Who may make an account: everybody who can reach the studio, whoever has an invitation "
            "(`reyna account invite`), or nobody.",
            shown="open where `host` is this machine alone, otherwise closed",
        ),
    ] = None
    password_hash: Annotated[
        PasswordHash, _describe("Memory for hashing a password: standard 64 MiB (RFC 9106), light 19 MiB (OWASP).")
    ] = "standard"  # noqa: S105 - a cost
    event_days: Annotated[Days, _describe("Days for which events can be replayed.")] = 30
    event_bytes: Annotated[
        Limit | None,
        _describe(
            "Bytes of events that are kept on the disk; beyond them the oldest are removed first.",
            shown="10 GiB where NATS is embedded, else none",
        ),
    ] = None
    free_bytes: Annotated[
        Limit,
        _describe("Bytes that must be free on the disk of embedded servers; below, nothing new is written."),
    ] = 512 * 1024**2
    trash_days: Annotated[Days | None, _describe("Days after which trash is purged.", shown="never")] = None
    prompt_days: Annotated[
        Days, _describe("Days for which the prompts that runs sent to language models can be seen.")
    ] = 30
    quota_blobs: Annotated[Limit | None, _describe("Blobs of each user, trash included.", shown="none")] = None
    quota_bytes: Annotated[
        Limit | None, _describe("Bytes of blob data that each user may keep, the trash included.", shown="none")
    ] = None
    quota_buckets: Annotated[Limit | None, _describe("Buckets of each user, trash included.", shown="none")] = None
    quota_files: Annotated[Limit | None, _describe("Files that each user may keep.", shown="none")] = None
    quota_file_bytes: Annotated[
        Limit | None, _describe("Bytes of files that each user may keep, uploads under way included.", shown="none")
    ] = None
    quota_runs: Annotated[
        Limit | None, _describe("Runs of processors that each user may request in a day (UTC).", shown="none")
    ] = None
    runs_at_once: Annotated[
        Count | None,
        _describe("Runs of processors that are at work at a time for each user; others are held back.", shown="none"),
    ] = None
    runs_per_minute: Annotated[
        Count | None,
        _describe("Runs of processors that start in a minute for each user; others are held back.", shown="none"),
    ] = None
    user_weights: Annotated[
        str | None,
        _describe(
            "Users who get more turns than others when runs wait, as in `user-01j…=2, user-01k…=0.5`.", shown="1 each"
        ),
    ] = None
    connections_per_address: Annotated[
        Connections,
        _describe("Connections of one address to one process that may wait while nobody has signed in on them."),
    ] = 1_000
    research_sources: Annotated[
        str,
        _describe("Sources on the network that the research assistant may ask, as `name` or `name=URL`; or `none`."),
    ] = "wikipedia, arxiv, crossref, openalex"
    research_contact: Annotated[str | None, _describe("Mail address that it tells to those sources.")] = None
    backup_url: BackupUrl = None
    backup_passphrase_file: BackupPassphraseFile = None
    backup_at: BackupAt = None
    backup_keep: BackupKeep = None
    webhook_private: WebhookPrivate = "refused"
    log_level: Annotated[LogLevel, _describe("The least important level that is logged.")] = "info"
    log_format: Annotated[LogFormat, _describe("Lines for people or for programs; auto: people at a terminal.")] = (
        "auto"
    )

    def __repr__(self) -> str:
        shown = (f"{field.name}={_redact(field.name, getattr(self, field.name))!r}" for field in _fields())
        return f"Settings({', '.join(shown)})"

    def quota(self) -> dict[str, int | None]:
        """Returns the limits of each user by the resource that they limit, None for no limit."""
        return {
            "blobs": self.quota_blobs,
            "bytes": self.quota_bytes,
            "buckets": self.quota_buckets,
            "files": self.quota_files,
            "file_bytes": self.quota_file_bytes,
            "runs": self.quota_runs,
        }

    def weights_of_users(self) -> dict[str, float]:
        """Returns the weights in `user_weights`. Raises WrongSetting."""
        return read_user_weights(self.user_weights or "")

    def retry_delays(self) -> tuple[float, ...]:
        """Returns the seconds in `retry_seconds`. Raises WrongSetting."""
        return read_seconds("REYNA_RETRY_SECONDS", self.retry_seconds)

    def llm_retry_pauses(self) -> tuple[float, ...]:
        """Returns the seconds in `llm_retry_seconds`. Raises WrongSetting."""
        return read_seconds("REYNA_LLM_RETRY_SECONDS", self.llm_retry_seconds)

    def llm_timeouts(self) -> LanguageTimeouts:
        """Returns the time limits on a call of a language model."""
        return LanguageTimeouts(first_text=self.llm_first_text_seconds, between_texts=self.llm_silence_seconds)

    def registration_mode(self) -> Literal["open", "invite", "closed"]:
        """Returns `registration`, or the default, which depends on who can reach `host`."""
        return self.registration or ("open" if is_loopback(self.host) else "closed")

    def signing_secret(self) -> bytes:
        """Returns `secret`, or the one in `home`, which the first call creates."""
        return (self.secret or read_or_create_secret(self.home / "secret")).encode()


class Setting(msgspec.Struct, frozen=True):
    """One row of the reference: `type` and `default` in words."""

    name: str
    type: str
    default: str
    sentence: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return VARIABLE_PREFIX + self.name.upper()


def read_settings(environment: Mapping[str, str], folder: Path) -> Settings:
    """Returns the settings: of the environment first, then of the file, then defaults.

    The file is `folder`/reyna.toml, or the one that REYNA_CONFIG names. An empty variable counts as not set. Raises
    WrongSetting, which names the setting.
    """
    values: dict[str, Any] = {}
    for written_name, name, value in (*_values_in_file(environment, folder), *_values_in_environment(environment)):
        values[name] = convert_setting(written_name, name, value)
    settings = Settings(**values)
    _check_combination(settings)
    return settings


def reference() -> str:
    """Returns the table of settings for the documentation, in Markdown."""
    head = "| `reyna.toml` | environment | type | default | |\n|---|---|---|---|---|\n"
    rows = (f"| `{s.name}` | `{s.variable}` | {s.type} | {s.default} | {s.sentence} |" for s in SETTINGS)
    return head + "\n".join(rows) + "\n"


def is_setting(variable: str) -> bool:
    """Tells whether a variable of the environment is meant as a setting of the studio."""
    return (
        variable.startswith(VARIABLE_PREFIX)
        and variable not in COMMAND_VARIABLES
        and not variable.startswith(TEST_PREFIX)
    )


def _values_in_environment(environment: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """Returns (name of the variable, name of the setting, value) for each setting in the environment."""
    names = {VARIABLE_PREFIX + field.name.upper(): field.name for field in _fields()}
    return [
        (variable, names.get(variable, variable.removeprefix(VARIABLE_PREFIX)), environment[variable])
        for variable in sorted(environment)
        if is_setting(variable) and environment[variable]
    ]


def _values_in_file(environment: Mapping[str, str], folder: Path) -> list[tuple[str, str, Any]]:
    named_file = environment.get("REYNA_CONFIG")
    path = folder / (named_file or SETTINGS_FILE)
    try:
        return [(name, name, value) for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items()]
    except FileNotFoundError:
        if named_file:
            raise WrongSetting("REYNA_CONFIG", f"there is no file {path}") from None
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(str(path), str(error)) from None


def convert_setting(written_name: str, name: str, value: Any) -> Any:
    """Returns the value in the type of its setting. Raises WrongSetting."""
    field = next((field for field in _fields() if field.name == name), None)
    if field is None:
        raise WrongSetting(written_name, f"there is no such setting{_suggestion(written_name, name)}")
    try:
        if name == "home":
            return Path(msgspec.convert(value, str)).expanduser()
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError:
        row = _row(name)
        instead = "" if row.secret else f", not {value!r}"
        raise WrongSetting(written_name, f"expected {row.type}{instead}") from None


def _suggestion(written_name: str, name: str) -> str:
    wanted = name.removeprefix(VARIABLE_PREFIX).lower()
    similar = difflib.get_close_matches(wanted, [field.name for field in _fields()], n=1)
    if not similar:
        return ""
    return f"; did you mean {similar[0] if written_name == name else VARIABLE_PREFIX + similar[0].upper()}?"


def _check_combination(settings: Settings) -> None:
    """Raises WrongSetting when settings do not go together."""
    ports = {field.name: getattr(settings, field.name) for field in _fields() if field.name.endswith("port")}
    for name, port in ports.items():
        for other, same in ports.items():
            if name < other and port == same:
                raise WrongSetting(_row(name).variable, f"{port} is also the value of {_row(other).variable}")
    settings.weights_of_users()
    parse_retention(settings.backup_keep)
    if settings.backup_at and not (settings.backup_url and settings.backup_passphrase_file):
        missing = "PASSPHRASE_FILE" if settings.backup_url else "URL"
        raise WrongSetting(f"REYNA_BACKUP_{missing}", "must be set too: REYNA_BACKUP_AT needs it")
    if (settings.llm_price_input is None) != (settings.llm_price_output is None):
        missing = "INPUT" if settings.llm_price_input is None else "OUTPUT"
        raise WrongSetting(f"REYNA_LLM_PRICE_{missing}", "must be set too: set both prices or none")
    for name in ("LLM", "EMBEDDINGS"):
        if getattr(settings, f"{name.lower()}_url") and not getattr(settings, f"{name.lower()}_model"):
            raise WrongSetting(f"REYNA_{name}_MODEL", f"must name the model to ask REYNA_{name}_URL for")
    if settings.llm_model and not settings.llm_url and not settings.llm_model.endswith(".gguf"):
        raise WrongSetting("REYNA_LLM_MODEL", "without REYNA_LLM_URL, this must be the path of a .gguf file")


def _fields() -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(Settings)


def _setting(field: msgspec.structs.FieldInfo) -> Setting:
    """Returns the row of the reference for a field of Settings."""
    annotations = annotations_of(field.type)
    described = next(one for one in annotations if one.description)
    type_words = next((one.title for one in annotations if one.title), "a path" if field.name == "home" else "a text")
    extra = described.extra or {}
    default = extra["shown"] or ("" if field.default is None else f"`{field.default}`")
    return Setting(field.name, type_words, default, described.description or "", extra["secret"])


SETTINGS: Final = tuple(_setting(field) for field in _fields())


def _row(name: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.name == name)


def _redact(name: str, value: Any) -> Any:
    """Returns a value as anyone may see it: a URL without its password, and nothing of another secret."""
    if value is None or not _row(name).secret:
        return value
    return redact_passwords(value) if name.endswith("_url") else "***"
