"""The source keeps its structure: small files and functions, one name for one class, nothing private used from afar.

A rule that is still broken somewhere lists it in `known_exceptions.py`. The list only shrinks: an entry that is no
longer true fails as well.
"""

import pytest

from tests.repository import structure
from tests.repository.known_exceptions import KNOWN_EXCEPTIONS
from tests.repository.structure import Rule


@pytest.mark.parametrize("rule", structure.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_of_the_structure_is_kept(rule: Rule) -> None:
    broken, known = set(rule()), set(KNOWN_EXCEPTIONS.get(rule.__name__, ()))
    assert sorted(broken - known) == []
    assert sorted(known - broken) == [], "no longer broken: take it off the list of known exceptions"


def test_a_known_exception_belongs_to_a_rule() -> None:
    assert KNOWN_EXCEPTIONS.keys() - {rule.__name__ for rule in structure.RULES} == set()
