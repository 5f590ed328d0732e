"""Durable steps: the stored results of the finished steps of a run, which a later attempt does not repeat."""

from datetime import datetime
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.ids import derive_id
from reyna.domain.json.data import MAX_BLOB_BYTES, encode_json
from reyna.domain.processing.run import Cost, Run

MAX_STEP_NAME_CHARACTERS: Final = 200
MAX_STEP_BYTES: Final = MAX_BLOB_BYTES  # of one result; larger ones belong into a blob or a file
URL_SEPARATORS: Final = frozenset("/\\")  # the name is part of an address
MAX_STEPS_PER_RUN: Final = 10_000


class RunStep(msgspec.Struct, frozen=True, kw_only=True):
    """A finished step of a run: what its call returned, and what that cost."""

    id: str
    user_id: str
    run_id: str
    name: str
    result: Any = None
    cost: Cost = Cost()
    revision: int = 1
    finished_at: datetime


class NewStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The result of a step, and its cost."""

    result: Any = None
    cost: Cost = Cost()


def step_id(run: Run, name: str, blob_revision: int | None = None) -> str:
    """Returns the id of a step, which counts for one version of the processor and one revision of the blob.

    `blob_revision` is the revision that the worker read, if not the one the run was requested for.
    """
    revision = blob_revision or run.blob_revision
    return derive_id("step", run.id, run.step_series, run.processor_version, revision, name)


def check_step_name(name: str) -> str:
    """Returns the name. Raises Invalid."""
    is_plain = name.isprintable() and name.strip(" .") and not set(name) & URL_SEPARATORS
    if not is_plain or len(name) > MAX_STEP_NAME_CHARACTERS:
        raise Invalid.at(
            "/name",
            f"the name of a step must be 1 to {MAX_STEP_NAME_CHARACTERS} printable characters without slashes",
            expected=f"1 to {MAX_STEP_NAME_CHARACTERS} characters",
        )
    return name


def encode_step_result(result: Any, name: str) -> bytes:
    """Returns the result of a step as JSON. Raises Invalid and TooLarge for what cannot be stored."""
    try:
        return encode_json(result, most=MAX_STEP_BYTES, field="result")
    except TooLarge as refusal:
        raise TooLarge(f"The step {name!r}: {refusal.detail} Store it in a blob instead.", **refusal.facts) from None
    except Invalid as refusal:
        raise Invalid(f"The step {name!r}: {refusal.detail}", errors=refusal.errors) from None
