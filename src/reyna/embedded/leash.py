"""What a child process does in the instant before it becomes the server: it ties its life to ours.

Run by its path, with the standard library alone: `python -I -S leash.py <our pid> <signal> <uid or -> <program> …`.
It takes the program's place (same pid), so whoever signals that pid signals the server itself.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

CLONE_NEWUSER: Final = 0x10000000  # sched.h
PR_SET_PDEATHSIG: Final = 1  # prctl.h
NO_NAMESPACE: Final = 77  # exit code: this system forbids user namespaces


def become(uid: int) -> None:
    """Go on as this uid and gid in a user namespace of our own, in which our real user is all there is.

    PostgreSQL refuses to run as root. Inside, it is an ordinary user; outside, its files are still ours: no permission
    is touched and no user is added. Raises OSError where the system forbids it.
    """
    real_uid, real_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {real_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {real_gid} 1", encoding="ascii")


def die_with(parent: int, sign: int) -> None:
    """Have the kernel send us this signal when the thread that started us ends, however it ends.

    Only Linux offers that; elsewhere the next start on the same home ends what was left (leftovers.py).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sign, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we had asked
        sys.exit(1)


def main() -> None:
    parent, sign, uid, *program = sys.argv[1:]
    os.umask(0o077)
    for inherited in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):  # ignored ones would stay ignored in the server
        signal.signal(inherited, signal.SIG_DFL)
    try:
        if uid != "-":
            become(int(uid))
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the supervisor listens
        sys.exit(NO_NAMESPACE)
    die_with(int(parent), int(sign))  # after `become`, which might undo it
    os.execv(program[0], program)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main()
