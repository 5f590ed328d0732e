"""Passages cover a text without a gap, end where sentences do, and two rankings become one."""

from datetime import UTC, datetime

import pytest

from reyna.domain.search.entry import Candidate, FoundBy
from reyna.domain.search.passages import MAX_PASSAGE_CHARACTERS, fuse, split_into_passages

TEXTS = ["", "  \n ", "short", "A sentence. " * 1_000, "word " * 5_000, "x" * 10_000, "字" * 5_000, "line\n\n" * 3_000]


@pytest.mark.parametrize("text", TEXTS)
def test_passages_cover_the_text_in_pieces_of_limited_length(text: str) -> None:
    passages = list(split_into_passages(text))
    assert "".join(text[start:end] for start, end in passages).strip() == text.strip()
    assert all(0 < end - start <= MAX_PASSAGE_CHARACTERS for start, end in passages)


def test_a_passage_ends_with_a_paragraph_rather_than_a_sentence() -> None:
    text = "One sentence. " * 70 + "\n\n" + "Another sentence. " * 70
    (_, end), *_ = split_into_passages(text)
    assert text[:end].endswith("\n\n")


def candidate(id: str, *found_by: FoundBy) -> Candidate:
    return Candidate(id=id, kind="blob", updated_at=datetime(2026, 1, 1, tzinfo=UTC), score=0.5, found_by=found_by)


def test_what_both_rankings_have_comes_first() -> None:
    found = [candidate("1", "text"), candidate("2", "typo")]
    near = [candidate("3", "semantic"), candidate("2", "semantic")]
    fused = fuse(found, near)
    assert [(one.id, one.found_by) for one in fused] == [
        ("2", ("typo", "semantic")),
        ("1", ("text",)),
        ("3", ("semantic",)),
    ]
