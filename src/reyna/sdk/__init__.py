"""The SDK for people who write processors: every name exported here is public and stable."""

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.errors import Conflict, Fault, Invalid, NotFound, Refusal, TooLarge
from reyna.domain.files.file import FileInfo
from reyna.domain.processing.prompts.estimate import TokenEstimate
from reyna.domain.processing.prompts.prompt import PromptPart
from reyna.domain.search.hit import SearchHit
from reyna.domain.tree_item import TreeItem
from reyna.ports.language import Completion, Prompt, UnusableAnswer
from reyna.sdk.context import Context
from reyna.sdk.processor import Derived, Made, Processor, Refuse, Retry

__all__ = [
    "Blob",
    "Bucket",
    "Completion",
    "Conflict",
    "Context",
    "Derived",
    "Fault",
    "FileInfo",
    "Invalid",
    "Made",
    "NotFound",
    "Processor",
    "Prompt",
    "PromptPart",
    "Refusal",
    "Refuse",
    "Retry",
    "SearchHit",
    "TokenEstimate",
    "TooLarge",
    "TreeItem",
    "UnusableAnswer",
]
