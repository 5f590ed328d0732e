"""The places where a rule of `structure.py` is not kept. This list only shrinks.

Of what is left, the private names are those of nats-py and of Python's `re`, and the class names are those of the API
and of the SDK: none of them can change.
"""

from typing import Final

KNOWN_EXCEPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "class_names_used_twice": (
        "Difference",
        "Processor",
    ),
    "private_names_used_across_files": (
        "reyna/adapters/nats/connection.py:_future",
        "reyna/adapters/nats/connection.py:_max_msgs",
        "reyna/adapters/nats/connection.py:_received",
        "reyna/services/schemas/compatibility/counterexamples/strings.py:_parser",
    ),
}
