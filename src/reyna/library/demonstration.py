"""The reason for which the model that comes with the studio is not asked for more than it can do."""

from typing import Final

DEMONSTRATION_REASON: Final = "The model that comes with the studio is a demonstration. Connect a model."
