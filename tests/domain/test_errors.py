"""A refusal is the same on every wire."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import (
    BY_REASON,
    FAMILY,
    Conflict,
    DataError,
    Invalid,
    NotFound,
    Refusal,
    StaleRevision,
    refusal_from_problem,
)

WORDS = st.text(min_size=1, max_size=20)
ERRORS = st.lists(st.builds(DataError, path=WORDS, message=WORDS, expected=st.none() | WORDS), max_size=3)
FACTS = st.dictionaries(
    WORDS.filter(lambda name: name not in {"code", "reason", "detail", "errors", "self"}),
    st.none() | st.integers(-(2**53), 2**53) | WORDS | st.lists(WORDS, max_size=2),
    max_size=3,
)
KINDS = sorted(BY_REASON)


@given(st.sampled_from(KINDS), st.none() | WORDS, ERRORS, FACTS)
def test_a_refusal_comes_back_as_it_was(
    reason: str, detail: str | None, errors: list[DataError], facts: dict[str, object]
) -> None:
    refusal = BY_REASON[reason](detail, errors=errors, **facts)
    back = refusal_from_problem(msgspec.json.decode(msgspec.json.encode(refusal.problem())))
    assert type(back) is type(refusal)
    assert (back.code, back.status, back.reason) == (refusal.code, refusal.status, refusal.reason)
    assert (back.detail, back.errors, back.facts) == (refusal.detail, refusal.errors, refusal.facts)


@pytest.mark.parametrize("code", FAMILY)
def test_a_reason_that_is_not_known_here_comes_back_as_its_family(code: str) -> None:
    back = refusal_from_problem({"code": code, "reason": "from_the_future", "detail": "No.", "id": "blob-1"})
    assert type(back) is FAMILY[code]
    assert (back.detail, back.facts) == ("No.", {"id": "blob-1"})


@pytest.mark.parametrize("kind", [BY_REASON[reason] for reason in KINDS])
def test_a_refusal_without_words_says_what_its_kind_means(kind: type[Refusal]) -> None:
    assert kind().detail == (kind.__doc__ or "").splitlines()[0]
    assert str(kind()) == kind().detail
    assert kind.code in FAMILY
    assert 400 <= kind.status < 500


def test_a_reason_is_the_kind_in_words() -> None:
    assert StaleRevision.reason == StaleRevision().reason == "stale_revision"
    assert all(kind.reason == reason for reason, kind in BY_REASON.items())


def test_a_kind_that_is_defined_elsewhere_is_a_refusal_like_any_other() -> None:
    class SoldOut(Conflict):
        """There is none left."""

    problem = SoldOut(id="blob-1").problem()
    assert problem == {"code": "conflict", "reason": "sold_out", "detail": "There is none left.", "id": "blob-1"}
    assert type(refusal_from_problem(problem)) is SoldOut
    del BY_REASON["sold_out"]
    assert type(refusal_from_problem(problem)) is Conflict


def test_errors_are_left_out_where_there_are_none() -> None:
    assert NotFound(id="blob-1").problem().keys() == {"code", "reason", "detail", "id"}
    assert Invalid.at("/limit", "must be 1 to 200").problem().keys() == {"code", "reason", "detail", "errors"}


@pytest.mark.parametrize(("path", "detail"), [("/limit", "limit: no"), ("", "the document: no"), ("/a/b", "a/b: no")])
def test_a_misfit_names_its_field_in_words(path: str, detail: str) -> None:
    assert Invalid.at(path, "no").detail == detail
