"""Tests of templates run on memory; the stores have contracts of their own."""

import pytest

from reyna.ports.store import Store


@pytest.fixture
def store(memory_store: Store) -> Store:
    return memory_store
