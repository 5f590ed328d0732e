"""Semantic versions as semver.org 2.0.0 defines them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.services.schemas.registry.versioning.semver import is_semver, parse_semver


def test_versions_come_in_the_order_of_the_specification() -> None:
    ordered = [
        *("0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
        *("1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0"),
    ]
    parsed = [parse_semver(text) for text in ordered]
    assert all(one < next for one, next in pairwise(parsed))


def test_what_was_built_does_not_count() -> None:
    assert parse_semver("1.0.0+20260301") == parse_semver("1.0.0+exp.sha-5114f85")


@pytest.mark.parametrize(
    "text",
    [
        *("1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.03", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+"),
        *(
            "1.2.3+a+b",
            "-1.2.3",
            "1.2.3-é",
            "",
            " 1.2.3",
            "1.2.3\n",
            "\uff11.2.3",
            "1.2.3" + "0" * 99,
            "9" * 20 + ".0.0",
        ),
    ],
)
def test_what_is_not_a_version_is_refused(text: str) -> None:
    assert not is_semver(text)
    with pytest.raises(Invalid):
        parse_semver(text)


@given(st.tuples(*[st.integers(0, 10**9 - 1)] * 3), st.tuples(*[st.integers(0, 10**9 - 1)] * 3))
def test_numbers_are_compared_as_numbers(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    def text(version: tuple[int, int, int]) -> str:
        return ".".join(map(str, version))

    assert (parse_semver(text(one)) < parse_semver(text(other))) == (one < other)
