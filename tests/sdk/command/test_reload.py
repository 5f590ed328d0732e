"""Reloading: a changed file is noticed, and the choice between NATS and HTTPS follows from what is set."""

import os
import signal
import sys
from pathlib import Path

import pytest

from reyna.sdk.command.reload import modification_times, run_reloading
from reyna.sdk.command.running import studio_address


def test_a_changed_or_new_python_file_is_noticed_and_others_are_not(tmp_path: Path) -> None:
    file = tmp_path / "shouting.py"
    file.write_text("one", encoding="utf-8")
    seen = modification_times(tmp_path)
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.py").write_text("x", encoding="utf-8")
    assert modification_times(tmp_path) == seen
    os.utime(file, ns=(1, 1))
    assert modification_times(tmp_path) != seen


def test_a_change_starts_the_command_anew_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    file, starts = tmp_path / "shouting.py", tmp_path / "starts"
    file.write_text("one", encoding="utf-8")
    os.mkfifo(starts)
    code = "import signal, sys\nwith open(sys.argv[1], 'w') as starts:\n starts.write('.')\nsignal.pause()"
    seen = list[str]()

    def wait(seconds: float) -> None:
        with starts.open(encoding="ascii") as pipe:  # until the command has started
            seen.append(pipe.read())
        if len(seen) == 2:
            raise KeyboardInterrupt
        os.utime(file, ns=(1, 1))

    assert run_reloading([sys.executable, "-c", code, str(starts)], tmp_path, wait=wait) == -signal.SIGTERM
    assert seen == [".", "."]


@pytest.mark.parametrize(
    ("url", "environment", "address"),
    [
        (None, {"REYNA_URL": "https://studio", "REYNA_TOKEN": "t"}, ("https://studio", "t")),
        ("https://given", {"REYNA_URL": "https://studio", "REYNA_TOKEN": "t"}, ("https://given", "t")),
        ("https://given", {"REYNA_SECRET": "s"}, ("https://given", "")),
        (None, {"REYNA_URL": "https://studio", "REYNA_NATS_URL": "nats://n"}, None),
        (None, {"REYNA_URL": "https://studio", "REYNA_SECRET": "s"}, None),
        (None, {}, None),
    ],
)
def test_a_worker_goes_over_https_where_an_address_and_no_nats_is_set(
    url: str | None, environment: dict[str, str], address: tuple[str, str] | None
) -> None:
    assert studio_address(url, environment) == address
