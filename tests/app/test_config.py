"""Settings come from the environment, the file and the defaults, in that order, and a wrong one is named."""

from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from reyna.app.config import SETTINGS, Settings, read_settings, reference
from reyna.cli.app import app
from reyna.cli.lazy_command import LazyCommand
from reyna.domain.errors import WrongSetting
from reyna.domain.text.redaction import redact_passwords


def test_nothing_set_means_everything_embedded(tmp_path: Path) -> None:
    assert read_settings({"PATH": "/bin"}, tmp_path) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "reyna.toml").write_text('port = 9000\nlog_level = "debug"\n')
    found = read_settings({"REYNA_PORT": "9001", "REYNA_NATS_URL": ""}, tmp_path)
    assert (found.port, found.log_level, found.nats_url) == (9001, "debug", None)


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "studio.toml").write_text('home = "/srv/reyna"\n')
    assert read_settings({"REYNA_CONFIG": str(tmp_path / "studio.toml")}, Path("/")).home == Path("/srv/reyna")


@pytest.mark.parametrize("variable", ["REYNA_TEST_MONGO_URL", "REYNA_URL", "REYNA_TOKEN"])
def test_what_only_tests_and_commands_read_is_no_unknown_setting(variable: str, tmp_path: Path) -> None:
    assert read_settings({variable: "mongodb://there"}, tmp_path) == Settings()


def test_every_variable_that_an_option_reads_can_be_exported_for_all_commands(tmp_path: Path) -> None:
    read = {
        variable for command in commands(get_command(app)) for option in command.params for variable in named(option)
    }
    assert {"REYNA_URL", "REYNA_TOKEN"} <= read
    assert read_settings(dict.fromkeys(read, "given"), tmp_path) == Settings()


def commands(command: Any) -> list[Any]:
    """The command and all below it."""
    if isinstance(command, LazyCommand):
        command = command.load()
    below = getattr(command, "commands", {}).values()
    return [command, *(each for child in below for each in commands(child))]


def named(option: Any) -> list[str]:
    """The variables of the environment that an option is read from."""
    given = option.envvar
    return [given] if isinstance(given, str) else list(given or ())


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"REYNA_PROT": "1"}, "REYNA_PROT: there is no such setting; did you mean REYNA_PORT?"),
        ({"REYNA_ZZZZ": "1"}, "REYNA_ZZZZ: there is no such setting"),
        ({"REYNA_PORT": "many"}, "REYNA_PORT: expected a number from 1 to 65535, not 'many'"),
        ({"REYNA_QUOTA_BYTES": "-1"}, "REYNA_QUOTA_BYTES: expected a whole number up to 10^15, not '-1'"),
        ({"REYNA_QUOTA_RUNS": "9" * 20}, f"REYNA_QUOTA_RUNS: expected a whole number up to 10^15, not '{'9' * 20}'"),
        ({"REYNA_PORT": "70000"}, "REYNA_PORT: expected a number from 1 to 65535, not '70000'"),
        ({"REYNA_WORKERS": "0"}, "REYNA_WORKERS: expected a number from 1 to 64, not '0'"),
        ({"REYNA_WORKERS": "-1"}, "REYNA_WORKERS: expected a number from 1 to 64, not '-1'"),
        ({"REYNA_WORKERS": "many"}, "REYNA_WORKERS: expected a number from 1 to 64, not 'many'"),
        ({"REYNA_LOG_LEVEL": "loud"}, "REYNA_LOG_LEVEL: expected debug, info, warning or error, not 'loud'"),
        (
            {"REYNA_POSTGRES_URL": "mysql://a:geheim@b"},
            "REYNA_POSTGRES_URL: expected a URL that starts with postgresql://",
        ),
        ({"REYNA_SECRET": "geheim"}, "REYNA_SECRET: expected a text of 32 characters or more"),
        ({"REYNA_PORT": "8011"}, "REYNA_PORT: 8011 is also the value of REYNA_SCHEMAS_PORT"),
        ({"REYNA_LLM_URL": "http://there/v1"}, "REYNA_LLM_MODEL: must name the model to ask REYNA_LLM_URL for"),
        (
            {"REYNA_EMBEDDINGS_URL": "http://there/v1"},
            "REYNA_EMBEDDINGS_MODEL: must name the model to ask REYNA_EMBEDDINGS_URL for",
        ),
        ({"REYNA_EMBEDDINGS": "maybe"}, "REYNA_EMBEDDINGS: expected on or off, not 'maybe'"),
        ({"REYNA_LLM_MODEL": "large"}, "REYNA_LLM_MODEL: without REYNA_LLM_URL, this must be the path of a .gguf file"),
        ({"REYNA_CONFIG": "/no/such.toml"}, "REYNA_CONFIG: there is no file /no/such.toml"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(environment: dict[str, str], line: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting) as refused:
        read_settings(environment, tmp_path)
    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("prot = 1", "prot: there is no such setting; did you mean port?"),
        ("REYNA_PORT = 1", "REYNA_PORT: there is no such setting; did you mean port?"),
        ("port = [1]", "port: expected a number from 1 to 65535, not [1]"),
        ("port = ", "reyna.toml: Invalid value"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "reyna.toml").write_text(text)
    with pytest.raises(WrongSetting) as refused:
        read_settings({}, tmp_path)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_weights_of_users_are_read(tmp_path: Path) -> None:
    found = read_settings({"REYNA_USER_WEIGHTS": "user-ana=2, user-bo=0.5"}, tmp_path)
    assert found.weights_of_users() == {"user-ana": 2.0, "user-bo": 0.5}
    for wrong in ("user-ana", "user-ana=much", "user-ana=0", "user-ana=nan"):
        with pytest.raises(WrongSetting):
            read_settings({"REYNA_USER_WEIGHTS": wrong}, tmp_path)


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        secret="geheim" * 8,
        llm_key="geheim",
        postgres_url="postgresql://reyna:geh@geheim@db/reyna",
        nats_url="nats://geheim@bus",
    )
    assert "geheim" not in repr(settings)
    assert "postgresql://reyna:***@db/reyna" in repr(settings)


def test_text_without_a_password_stays_as_it_is() -> None:
    text = "GET http://127.0.0.1:8010/api/blobs?limit=5 by ana@example.org"
    assert redact_passwords(text) == text


def test_the_signing_secret_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert settings.signing_secret() == Settings(home=tmp_path / "home").signing_secret()
    assert len(settings.signing_secret()) > 40
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o777 == 0o600
    assert Settings(secret="s" * 32).signing_secret() == b"s" * 32


def test_every_setting_is_in_the_reference() -> None:
    table = reference()
    assert [setting.name for setting in SETTINGS] == list(Settings.__struct_fields__)
    for setting in SETTINGS:
        assert f"| `{setting.name}` | `{setting.variable}` |" in table
        assert setting.sentence.endswith(".")


def test_the_delays_of_retries_are_read(tmp_path: Path) -> None:
    assert read_settings({}, tmp_path).retry_delays() == (1.0, 5.0, 30.0, 120.0)
    found = read_settings({"REYNA_RETRY_SECONDS": "0.5,2", "REYNA_LLM_RETRY_SECONDS": "1"}, tmp_path)
    assert (found.retry_delays(), found.llm_retry_pauses()) == ((0.5, 2.0), (1.0,))
    for wrong in ("soon", "1, 0", "100000"):
        with pytest.raises(WrongSetting):
            read_settings({"REYNA_RETRY_SECONDS": wrong}, tmp_path).retry_delays()
