"""Limits on failed attempts to sign in or register within a quarter of an hour.

Failures count by account, by source and by both. A device that is or was signed in to the account has a count of its
own, so that others cannot lock it out by guessing.
"""

from typing import Final

from reyna.services.studio.sign_in.throttle import AttemptLimit

MAX_FAILURES_PER_DEVICE: Final = 10  # a forgetful person stays below, and a guesser learns nothing
MAX_FAILURES_PER_ACCOUNT_AND_SOURCE: Final = 10
MAX_FAILURES_PER_ACCOUNT: Final = 30  # from all sources together
MAX_FAILURES_PER_SOURCE: Final = 60  # at all accounts together; an office may share one address
MAX_FAILED_LINKS_PER_SOURCE: Final = 30
MAX_FAILED_REGISTRATIONS_PER_SOURCE: Final = 60
MAX_WRONG_OLD_PASSWORDS: Final = 10


def device_limit(device: str) -> AttemptLimit:
    """Returns the limit for signing in from a known device of the account."""
    return AttemptLimit(f"device {device}", MAX_FAILURES_PER_DEVICE)


def account_from_source(address: str, source: str) -> str:
    """Returns the name of the count that a right password resets."""
    return f"account {address} from {source}"


def unknown_device_limits(address: str, source: str) -> tuple[AttemptLimit, ...]:
    """Returns the limits for signing in from any other device. They hold for addresses without an account as well, so
    that nobody learns which addresses have one."""
    return (
        AttemptLimit(account_from_source(address, source), MAX_FAILURES_PER_ACCOUNT_AND_SOURCE),
        AttemptLimit(f"account {address}", MAX_FAILURES_PER_ACCOUNT),
        AttemptLimit(f"source {source}", MAX_FAILURES_PER_SOURCE),
    )


def link_limit(source: str) -> AttemptLimit:
    """Returns the limit for following sign-in links that do not exist."""
    return AttemptLimit(f"link {source}", MAX_FAILED_LINKS_PER_SOURCE)


def registration_limit(source: str) -> AttemptLimit:
    """Returns the limit for registering with a taken address, which tells who has an account, or with an invitation
    that does not exist."""
    return AttemptLimit(f"registration {source}", MAX_FAILED_REGISTRATIONS_PER_SOURCE)


def old_password_limit(session: str) -> AttemptLimit:
    """Returns the limit for giving the old password to set a new one. It counts by session, so that a stolen session
    locks out no other."""
    return AttemptLimit(f"old password {session}", MAX_WRONG_OLD_PASSWORDS)
