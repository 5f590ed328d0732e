"""The home is private, and used by one studio at a time."""

import os
from pathlib import Path

import pytest

from reyna.domain.errors import CannotStart
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


@pytest.mark.parametrize("name", ["secret", "lock", "nats/port", "servers.json", "nats-password"])
def test_a_file_of_the_home_that_cannot_be_used_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.folder("nats")
    (home.path / name).mkdir()  # a folder in its place: nobody can read or write it, whoever one is
    for use in (lambda: home.secret(name), lambda: home.write(name, "text"), lambda: home.read(name)):
        with pytest.raises(CannotStart, match=f"^cannot use {home.path / name}: Is a directory; see REYNA_HOME$"):
            use()


def test_a_lock_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (home.path / "lock").mkdir()
    with pytest.raises(CannotStart, match=r"cannot use .*/lock: "):
        home.lock()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40, b"\0"])
def test_a_file_that_holds_no_secret_is_told_in_one_line(content: bytes, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (home.path / "secret").write_bytes(content)
    with pytest.raises(CannotStart, match="holds no secret: restore it, or remove it"):
        home.secret("secret")


@pytest.mark.parametrize(
    "content", [b"", b"many", b"\xff\xfe", b"-1", b"0", b"70000", b"9" * 5_000, "²".encode(), b"80 80"]
)
def test_a_kept_number_that_is_none_is_not_there(content: bytes, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (home.path / "port").write_bytes(content)
    assert home.read_number("port", most=65_535) is None
    home.write("port", " 8010\n")
    assert home.read_number("port", most=65_535) == 8010


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
    home.write("note", "ours")
    assert modes(wide, wide / "note") == {str(wide): (0o700, os.geteuid()), str(wide / "note"): (0o600, os.geteuid())}
    assert modes(*wide.parents) == before
    assert home.read("note") == "ours"
    assert home.read("other") is None
