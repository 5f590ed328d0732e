"""Loading of processors by the names of their modules."""

from importlib import import_module
from typing import Any

from reyna.domain.errors import CannotStart
from reyna.sdk.processor import Processor


def load_processor(name: str) -> Processor[Any]:
    """Returns the processor at `module:name`. Raises CannotStart."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CannotStart(f"There is no processor {name}: {error}") from error
    if not isinstance(found, Processor):
        raise CannotStart(f"{name} is not a processor, but a {type(found).__name__}.")
    return found
