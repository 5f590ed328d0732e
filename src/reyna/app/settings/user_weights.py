"""The setting `user_weights`: users who get more turns than others when runs wait."""

from typing import Final

from reyna.domain.errors import WrongSetting

MIN_WEIGHT: Final = 0.01
MAX_WEIGHT: Final = 100.0
VARIABLE: Final = "REYNA_USER_WEIGHTS"


def read_user_weights(text: str) -> dict[str, float]:
    """Returns the weight of each user that `text` names, as in `user-01j…=2, user-01k…=0.5`. Raises WrongSetting."""
    weights: dict[str, float] = {}
    for part in filter(str.strip, text.split(",")):
        user_id, _, weight = part.partition("=")
        try:
            weights[user_id.strip()] = float(weight)
        except ValueError:
            raise WrongSetting(VARIABLE, f"{part.strip()!r} is not like user-01j…=2") from None
        if not MIN_WEIGHT <= weights[user_id.strip()] <= MAX_WEIGHT:
            raise WrongSetting(VARIABLE, f"a weight is from {MIN_WEIGHT} to {MAX_WEIGHT}")
    return weights
