"""The checks of `reyna doctor`, and their results, which are one line each."""

from typing import Literal, NamedTuple

from reyna.domain.errors import Fault


class CheckResult(NamedTuple):
    """The state of one thing that was checked; `mend` says what to do about a problem."""

    state: Literal["ok", "wrong", "could not look"]
    what: str
    mend: str = ""


def ok(what: str) -> CheckResult:
    return CheckResult("ok", what)


def problem(what: str, mend: str) -> CheckResult:
    return CheckResult("wrong", what, mend)


def not_checked(what: str, why: str) -> CheckResult:
    return CheckResult("could not look", what, why)


def fault_problem(what: str, fault: Fault, mend: str) -> CheckResult:
    return problem(f"{what}: {fault.detail}", mend)
