"""`reyna dead`: letters are printed so that their ids can be copied, and each says why."""

import io
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from reyna.cli.dead import letter_table, letters_table
from reyna.domain.ids import new_id
from reyna.domain.processing.run import DeadLetter, Work

WORK = Work(
    run_id="run-1",
    user_id="user-ana",
    processor_id="text-expansion",
    blob_id="blob-1",
    blob_revision=3,
    settings={"style": "noir"},
    token="",
)


def a_letter() -> DeadLetter:
    return DeadLetter(
        id=new_id("dead"),
        user_id="user-ana",
        processor_id="text-expansion",
        run_id="run-1",
        reason="The language model at 127.0.0.1:9 cannot be reached.",
        attempts=5,
        work=WORK,
        created_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
    )


def printed(table: Table) -> str:
    file = io.StringIO()
    Console(file=file, width=60).print(table)
    return file.getvalue()


def test_ids_are_whole_in_a_narrow_terminal() -> None:
    letters = [a_letter(), a_letter()]
    text = printed(letters_table(letters))
    assert all(letter.id in text for letter in letters)


def test_a_letter_says_what_was_given_up_and_why() -> None:
    text = " ".join(printed(letter_table(a_letter())).split())
    for fact in ("cannot be reached", "text-expansion", "blob-1, revision 3", '{"style":"noir"}', "attempts 5"):
        assert fact in text
