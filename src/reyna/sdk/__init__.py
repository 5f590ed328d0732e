"""For people who write processors: everything that is promised to them is named here."""

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.ports import Completion, Prompt
from reyna.sdk.context import Context
from reyna.sdk.processor import Derived, Made, Processor, Refuse, Retry

__all__ = ["Blob", "Bucket", "Completion", "Context", "Derived", "Made", "Processor", "Prompt", "Refuse", "Retry"]
