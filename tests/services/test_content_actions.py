"""The verbs of the state service behind actions."""

from typing import get_args

from reyna.domain.requests.operation import Action, Operation
from reyna.services.content_actions import VERBS


def test_every_action_and_every_operation_has_a_verb() -> None:
    kinds = {*get_args(Action), *get_args(Operation)}
    assert {kind.__struct_config__.tag for kind in kinds} == set(VERBS)
