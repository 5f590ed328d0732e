"""What `reyna doctor` looks at: each check says what it found, one line each."""

from typing import Literal, NamedTuple

from reyna.domain.errors import Fault


class Line(NamedTuple):
    """What was looked at and how it is; `mend` says what to do about what is wrong."""

    state: Literal["ok", "wrong", "could not look"]
    what: str
    mend: str = ""


def ok(what: str) -> Line:
    return Line("ok", what)


def wrong(what: str, mend: str) -> Line:
    return Line("wrong", what, mend)


def unseen(what: str, why: str) -> Line:
    return Line("could not look", what, why)


def broken(what: str, fault: Fault, mend: str) -> Line:
    return wrong(f"{what}: {fault.detail}", mend)
