"""A slug is derived from any name, always the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.ids import is_slug
from reyna.domain.text.slugs import slugify


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("book", "book"),
        ("Book part", "book-part"),
        ("глава", "glava"),
        ("章", "zhang"),
        ("Straße", "strasse"),
        ("Cafe\u0301 noir!", "cafe-noir"),
        ("…", "type-ab5df625bc76"),
    ],
)
def test_a_name_comes_to_its_slug(name: str, slug: str) -> None:
    assert slugify(name) == slug


@given(st.text(min_size=1, max_size=200))
def test_every_name_comes_to_a_slug_with_room_for_a_major(name: str) -> None:
    assert is_slug(f"{slugify(name)}-v12") or is_slug(name)
