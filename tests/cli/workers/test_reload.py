"""Reloading: a changed file is noticed, and the choice between NATS and HTTPS follows from what is set."""

import os
from pathlib import Path

import pytest

from reyna.cli.workers.reload import modification_times
from reyna.cli.workers.rest_workers import studio_address


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
