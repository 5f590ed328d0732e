"""The files, folders and import rules that the documents name are those of the repository."""

import re
from pathlib import Path

import pytest

from tests.repository.architecture import DOCUMENT, page_as_generated

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "reyna"
DOCUMENTS = [ROOT / "CONTRIBUTING.md", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
PATH = re.compile(r"`((?:[\w.-]+/)*[\w-]+(?:\.(?:py|md|toml|json)|/))`")
PATHS = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for folder in (SOURCES, ROOT / "tests", ROOT / "docs", ROOT / "bench")
    for path in folder.rglob("*")
]


def exists(path: str) -> bool:
    """Tells whether the repository has a path; documents may leave out the folders before it."""
    return (ROOT / path).exists() or any(known.endswith(f"/{path.rstrip('/')}") for known in PATHS)


def test_the_readme_leads_to_every_page_of_the_documentation() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*/*.md"))]
    assert [page for page in pages if f"({page})" not in readme and not page.startswith("docs/decisions/")] == []


def section(title: str) -> str:
    """Returns the text below a heading of the architecture page."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_and_folder_that_is_named_is_there(document: Path) -> None:
    named = PATH.findall(document.read_text(encoding="utf-8"))
    assert [path for path in named if not exists(path)] == []


def test_the_journey_of_an_event_passes_through_files_named_from_the_root_of_the_sources() -> None:
    named = PATH.findall(section("The journey of one event"))
    assert len(named) >= 12
    assert [path for path in named if not (SOURCES / path).is_file()] == []


def test_the_folder_map_and_the_import_diagram_agree_with_the_code() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert page == page_as_generated(page), "run python -m tests.repository.architecture"


def test_decisions_are_numbered_without_gap_or_repetition_and_say_their_number() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name.partition("-")[0]) for record in records]
    assert numbers == list(range(len(numbers)))
    for number, record in enumerate(records):
        title = record.read_text(encoding="utf-8").partition("\n")[0]
        assert title.startswith(f"# {number:04}: "), record.name
