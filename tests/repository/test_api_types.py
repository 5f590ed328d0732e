"""The page's types of the API are those of the API."""

import os

import pytest

from tests.repository.api_types import FILES, GENERATED, GENERATOR, generate


@pytest.mark.parametrize("name", FILES)
def test_the_generated_types_are_up_to_date(name: str) -> None:
    if not GENERATOR.exists() and not os.environ.get("REYNA_TEST_STRICT"):
        pytest.skip("web/node_modules is not installed: run `make check` once")
    written = (GENERATED / name).read_text(encoding="utf-8")
    assert written == generate(name), "run `make types`"
