"""The files of `reyna processor new`, and what is refused instead of overwritten."""

from pathlib import Path

import pytest

from reyna.domain.errors import CannotStart
from reyna.sdk.command.loading import load_processor
from reyna.sdk.command.main import main
from reyna.sdk.command.scaffold import write_scaffold


def test_a_new_processor_and_its_test_are_named_after_it(tmp_path: Path) -> None:
    assert write_scaffold("loud-note", tmp_path) == "loud_note"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loud_note.py", "test_loud_note.py"]
    for path in tmp_path.iterdir():
        compile(path.read_text(encoding="utf-8"), path.name, "exec")


@pytest.mark.parametrize("id", ["Loud", "2-loud", "../loud", ""])
def test_what_cannot_be_a_processor_writes_nothing(id: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart):
        write_scaffold(id, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_of_somebody_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_loud.py").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotStart, match=r"test_loud\.py is there already"):
        write_scaffold("loud", tmp_path)
    assert (tmp_path / "test_loud.py").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "loud.py").exists()


@pytest.mark.parametrize("name", ["nowhere:it", "reyna.sdk:nothing", "reyna.sdk:Processor"])
def test_what_is_no_processor_cannot_be_run(name: str) -> None:
    with pytest.raises(CannotStart):
        load_processor(name)


def test_a_wrong_id_ends_the_command_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["processor", "new", "Not A Slug"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("reyna: ")
