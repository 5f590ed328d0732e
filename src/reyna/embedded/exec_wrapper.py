"""The exec wrapper of a server process: ties its life to ours, and then becomes the server.

Run by its path, with the standard library alone: `python -I -S exec_wrapper.py <our pid> <signal> <uid or -> <program>
…`. The program replaces it under the same pid, so that a signal to that pid reaches the server itself.
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


def enter_user_namespace(uid: int) -> None:
    """Continues as this uid and gid in a user namespace of our own, which maps only our real user.

    PostgreSQL refuses to run as root. Inside, it is an ordinary user; outside, its files are still ours: no permission
    is changed and no user is added. Raises OSError where the system forbids it.
    """
    real_uid, real_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {real_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {real_gid} 1", encoding="ascii")


def tie_to_parent(parent: int, death_signal: int) -> None:
    """Makes the kernel send us this signal when the thread that started us ends, however it ends.

    Only Linux offers that; elsewhere the next start on the same home ends what was left (orphan_cleanup.py).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it had ended before
        sys.exit(1)


def main() -> None:
    parent, death_signal, uid, *program = sys.argv[1:]
    os.umask(0o077)
    for inherited in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):  # ignored ones would stay ignored in the server
        signal.signal(inherited, signal.SIG_DFL)
    try:
        if uid != "-":
            enter_user_namespace(int(uid))
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the supervisor reads it
        sys.exit(NO_NAMESPACE)
    tie_to_parent(int(parent), int(death_signal))  # last, because the new namespace might undo it
    os.execv(program[0], program)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main()
