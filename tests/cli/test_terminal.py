"""What users wrote is printed as they wrote it, and counts agree with their nouns."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from reyna.cli.terminal import ERR, OUT, add_row, print_line, quantity


def printed(*parts: str | tuple[str, str]) -> str:
    """What `say` writes where there is no terminal."""
    file = io.StringIO()
    print_line(*parts, to=Console(file=file, markup=OUT._markup, emoji=OUT._emoji, highlight=False, soft_wrap=True))
    return file.getvalue().removesuffix("\n")


@pytest.mark.parametrize(
    "text", ["nope:x", "at :warning: sea", "[red]not red[/red]", "[/]", "C:\\\\[bold]", "a\tb", "👩‍👩‍👧", "می‌خواهم"]
)
def test_text_is_printed_as_it_is(text: str) -> None:
    assert printed(text) == text.expandtabs(8)
    assert printed(("styled ", "bold"), text) == f"styled {text}".expandtabs(8)


def test_tables_print_text_as_it_is() -> None:
    file = io.StringIO()
    table = Table(show_header=False, box=None)
    add_row(table, "at :warning: sea", "[red]not red[/red]")
    Console(file=file, markup=OUT._markup, emoji=OUT._emoji, width=100).print(table)
    assert file.getvalue().split("  ")[0].strip() == "at :warning: sea"
    assert "[red]not red[/red]" in file.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"),
        ("\x1b[2J", "\\u001b[2J"),
        ("safe\rgone", "safe\\u000dgone"),
        ("\x9b31m", "\\u009b31m"),
        ("abc\u202edef", "abc\\u202edef"),
    ],
)
def test_text_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert printed(text) == shown


def test_no_console_reads_markup_or_emoji() -> None:
    for console in (OUT, ERR):
        assert (console._markup, console._emoji) == (False, False)


@pytest.mark.parametrize(
    ("number", "noun", "plural", "words"),
    [
        (0, "line", None, "0 lines"),
        (1, "line", None, "1 line"),
        (2_000, "line", None, "2,000 lines"),
        (1, "thing is", "things are", "1 thing is"),
        (2, "thing is", "things are", "2 things are"),
    ],
)
def test_a_count_agrees_with_its_noun(number: int, noun: str, plural: str | None, words: str) -> None:
    assert quantity(number, noun, plural) == words
