"""`reyna up` and `reyna serve` refuse a wrong number of processes in one line, before anything starts."""

import pytest
from typer.testing import CliRunner

from reyna.cli.app import app


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["up", "--workers", "0"], "reyna: --workers: expected a number from 1 to 64, not '0'"),
        (["up", "--workers", "-1"], "reyna: --workers: expected a number from 1 to 64, not '-1'"),
        (["up", "--workers", "many"], "reyna: --workers: expected a number from 1 to 64, not 'many'"),
        (["serve", "studio", "--workers", "65"], "reyna: --workers: expected a number from 1 to 64, not '65'"),
        (
            ["serve", "schemas", "--workers", "2"],
            "reyna: --workers: only state and studio can run in several processes of one command.",
        ),
    ],
)
def test_a_wrong_number_of_processes_ends_the_command_with_one_line(words: list[str], line: str) -> None:
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, " ".join(done.output.split())) == (1, line)
