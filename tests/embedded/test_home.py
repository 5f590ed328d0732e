"""The home is ours, and one studio's at a time."""

import os
from pathlib import Path

import pytest

from reyna.config import CannotStart
from reyna.embedded.home import Home, HomeBusy
from tests.embedded.conftest import modes


def test_a_home_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "new"), Home(tmp_path / "new")
    first.lock()
    with pytest.raises(HomeBusy, match=f"process {os.getpid()}"):
        second.lock()
    assert second.is_held()
    first.unlock()
    assert not second.is_held()
    second.lock()
    second.unlock()


def test_a_home_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(CannotStart, match=f"cannot make the folder {path}: "):
            Home(path)


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    secret = home.secret("nats-password")
    assert len(secret) > 40
    assert Home(tmp_path / "new").secret("nats-password") == secret
    assert secret != home.secret("postgres-password")


def test_a_home_that_is_open_to_others_is_closed_and_its_parents_stay(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    before = modes(*wide.parents)
    home = Home(wide)
    home.keep("note", "ours")
    assert modes(wide, wide / "note") == {str(wide): (0o700, os.geteuid()), str(wide / "note"): (0o600, os.geteuid())}
    assert modes(*wide.parents) == before
    assert home.kept("note") == "ours"
    assert home.kept("other") is None
