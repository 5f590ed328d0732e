"""The cost of password hashes, and the hash that stands for an account that does not exist."""

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from reyna.services.studio.passwords.hashing import HASHERS, Passwords, hash_of_nothing

PASSWORD = "a long enough password"


@pytest.mark.parametrize("cost", HASHERS)
def test_an_unknown_account_costs_as_much_as_a_known_one(cost: str) -> None:
    hasher = HASHERS[cost]
    nothing = hash_of_nothing(hasher)
    assert extract_parameters(nothing) == extract_parameters(hasher.hash(PASSWORD))
    with pytest.raises(VerifyMismatchError):  # it was computed to the end, and not refused as no hash at all
        hasher.verify(nothing, PASSWORD)


def test_nothing_but_the_cost_is_the_same_for_all_of_them() -> None:
    assert hash_of_nothing(HASHERS["light"]) != hash_of_nothing(HASHERS["light"])


async def test_a_password_hashed_at_another_cost_is_right_and_hashed_anew() -> None:
    before = await Passwords(HASHERS["light"]).hash(PASSWORD, "here")
    check = await Passwords(HASHERS["standard"]).check(before, PASSWORD, "here")
    assert check.is_right
    assert check.new_hash is not None
    assert extract_parameters(check.new_hash) == extract_parameters(hash_of_nothing(HASHERS["standard"]))
