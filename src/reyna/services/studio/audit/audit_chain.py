"""The chain of an audit log: each entry is sealed together with the one before it, so that a change shows.

The seal is an HMAC with a secret of the installation that is in no database: whoever can write the records cannot seal
them anew.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import asdict, replace

from reyna.services.studio.records import AuditEntry, AuditHead

NO_ENTRY: Final = ""  # the hash before the first entry
ENCODER: Final = msgspec.json.Encoder(order="sorted")
SEALED_LATER: Final = frozenset({"hash", "revision"})


class AuditProblem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of an audit log that is not as it was written, is missing, or was never written."""

    user_id: str
    number: int
    problem: Literal["changed", "missing", "inserted"]


def seal(secret: bytes, entry: AuditEntry) -> AuditEntry:
    """Returns the entry with its hash, which covers the hash of the entry before it."""
    fields = {name: value for name, value in asdict(entry).items() if name not in SEALED_LATER}
    return replace(entry, hash=hmac.digest(secret, ENCODER.encode(fields), hashlib.sha256).hex())


def find_problems(
    secret: bytes, user_id: str, entries: Sequence[AuditEntry], head: AuditHead | None
) -> list[AuditProblem]:
    """Returns what is wrong with the log of this user, given its entries in their order and the head of the chain.

    An entry is `changed` when its seal is broken, `missing` when its number is, and `inserted` when its number is there
    twice, is beyond the end, or is sealed but follows another entry than it says.
    """
    problems: list[AuditProblem] = []
    end = 0 if head is None else head.number
    expected = 1
    previous: str | None = NO_ENTRY
    for entry in entries:
        while expected < entry.number and expected <= end:
            problems.append(AuditProblem(user_id=user_id, number=expected, problem="missing"))
            expected, previous = expected + 1, None
        if entry.number < expected or entry.number > end:
            problems.append(AuditProblem(user_id=user_id, number=entry.number, problem="inserted"))
            continue
        is_sealed = hmac.compare_digest(seal(secret, entry).hash, entry.hash) and entry.user_id == user_id
        if not is_sealed:
            problems.append(AuditProblem(user_id=user_id, number=entry.number, problem="changed"))
        elif previous is not None and entry.previous != previous:
            problems.append(AuditProblem(user_id=user_id, number=entry.number, problem="inserted"))
        expected, previous = expected + 1, entry.hash if is_sealed else None
    problems += [AuditProblem(user_id=user_id, number=number, problem="missing") for number in range(expected, end + 1)]
    if head is not None and not problems and not hmac.compare_digest(seal_head(secret, head).seal, head.seal):
        problems.append(AuditProblem(user_id=user_id, number=head.number, problem="changed"))
    return problems


def seal_head(secret: bytes, head: AuditHead) -> AuditHead:
    """Returns the head with its seal, so that the end of a log cannot be cut off unseen."""
    text = f"{head.user_id} {head.number} {head.hash}".encode()
    return replace(head, seal=hmac.digest(secret, text, hashlib.sha256).hex())
