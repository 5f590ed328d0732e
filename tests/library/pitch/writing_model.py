"""A model that writes every part of a pitch, as recorded answers do."""

import json
import re
from typing import Final

from reyna.ports.language import Prompt

IDEA: Final = (
    "A lighthouse keeper on a drowned coast finds that the ships she guides ashore belong to people who died years "
    "ago. When her brother's boat appears on the horizon, she must choose between the light and the living."
)
LOGLINE: Final = (
    "When the boat of her dead brother answers her light, a keeper on a drowned coast must decide whether to guide him "
    "home or put the lamp out for good."
)
WORKS: Final = [{"work": "The Harbour of Glass", "reason": "It has a coast and a ghost."}]
PEOPLE: Final = [{"name": "Ilse", "description": "The keeper, who wants her brother back."}]
POINTS: Final = [{"point": "A ghost story about work."}, {"point": "A coast."}, {"point": "A choice."}]


def words(count: int) -> str:
    """So many words of prose."""
    sentence = ["The", "keeper", "lights", "the", "lamp", "and", "waits", "for", "the", "boat", "to", "answer", "her"]
    return " ".join(sentence[number % len(sentence)] for number in range(count)) + "."


def write(prompt: Prompt) -> str:
    """Answers a prompt for any part at the wanted length, and one for a summary."""
    user = prompt.user
    if "Summarise this part" in user:
        return "The keeper sees the boat, and her brother does not answer."
    if "comparable" not in user and "Write the logline" in user:
        return f'Here is the logline:\n\n"{LOGLINE}"'
    for mark, items in (("stands beside", WORKS), ("main characters", PEOPLE), ("one sentence each", POINTS)):
        if mark in user:
            return json.dumps({"items": items})
    wanted = re.findall(r"Write (\d+) to ([\d]+) words", user)
    return words(int(wanted[-1][0]) + 5)
