"""The scheduler of a test run on several processes: what takes long to start is started in one of them only."""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

APPLICATION_FORMS: Final = frozenset({"in_one_process", "in_four_processes", "on_mongo"})
FILES_WITH_A_FORM: Final = {"tests/journeys/test_outage.py": "in_four_processes"}  # without naming it in their ids
LONGEST_FIRST: Final = ("journeys", "browser", "packaging", "services", "adapters")  # folders of tests


class SharedStartScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out whole groups of tests; a worker takes the next group when it has finished one.

    A group is one form of the application with every test that uses it, or else one file.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Returns the name of the group that a test belongs to, such as `application on_mongo`."""
    path, _, test = nodeid.partition("::")
    parameters = test.partition("[")[2].removesuffix("]").split("-")
    named = (parameter for parameter in parameters if parameter in APPLICATION_FORMS)
    form = next(named, FILES_WITH_A_FORM.get(path))
    return path if form is None else f"application {form}"


def start_order(nodeid: str) -> int:
    """Returns a number that is smaller for groups that take longer, so that no worker is left with a long one."""
    group = group_of(nodeid)
    if group.startswith("application "):
        return 0
    folder = group.split("/")[1]
    return 1 + (LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST))


def count_workers(cores: int) -> int:
    """Returns how many processes run tests on so many cores: while one waits for a server, another works."""
    return cores + max(1, cores // 4)
