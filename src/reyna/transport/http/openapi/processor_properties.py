"""Descriptions of the properties of registered processors."""

from collections.abc import Mapping
from typing import Final

PROCESSOR_PROPERTIES: Final[Mapping[str, str]] = {
    "input_schemas": "The schemas that it takes; `text-input-v*` stands for every major.",
    "output_schema": "The schema of what it makes.",
    "output_schemas": "Further schemas of what it makes.",
    "max_depth": "The greatest depth of a run that an event starts, 1 to 20; it allows loops. Null: 10, no loops.",
    "max_concurrency": "How many of its runs are at work at a time; null for as many as its workers take.",
    "max_runs_per_minute": "How many of its runs start in a minute; null for no limit.",
    "whole_bucket": "A request for a bucket is one run, whose setting `bucket_id` is the bucket.",
    "settings_schema": "The JSON Schema of its settings; null when there are none.",
    "trigger": "`event` runs by itself where it is switched on, `manual` only when asked for.",
    "range": "How much it takes, such as `3 to 1,000 words`; null for anything.",
}
