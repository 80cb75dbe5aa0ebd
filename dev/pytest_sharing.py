"""A pytest plugin for `make test`: which tests one worker runs after another, and which of these are begun first.

Fixtures of a session or a module are made once for each worker that needs them. xdist's own groups are named in node
ids, which pytest 9.2 no longer lets it write: without a word it then deals out single tests, and everything dear is
made on every worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

# Of several folders, but all over the one installation of the product as processes.
_STACK = (
    "tests/browser/journey/",
    "tests/integration/resilience/test_killed_web.py",
    "tests/integration/resilience/test_killed_worker.py",
    "tests/integration/resilience/test_services_away.py",
)
# In these a folder shares a server, a library of lectures, encoded sets; elsewhere a file does.
_SHARING_FOLDERS = ("tests/browser/", "tests/conformance/", "tests/services/")
# About how many seconds a test takes; the first that fits.
_SECONDS = {
    "tests/browser/": 7.0,
    "tests/integration/resilience/": 4.0,
    "tests/integration/media_pipeline/": 2.0,
    "tests/conformance/": 2.0,
    "tests/quality/": 2.0,
    "tests/services/": 0.6,
    "tests/integration/": 0.4,
    "": 0.1,
}


def group_of(nodeid: str) -> str:
    """Return the name of the tests that run on one worker with this one."""
    path = nodeid.partition("::")[0]
    if path.startswith(_STACK):
        return "stack"
    return path.rpartition("/")[0] if path.startswith(_SHARING_FOLDERS) else path


def seconds_of(nodeid: str) -> float:
    """Return about how long a test takes."""
    return next(seconds for beginning, seconds in _SECONDS.items() if nodeid.startswith(beginning))


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Keeps groups together, and begins the long ones first: none is left for the end, when one worker has no more."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = max(self.workqueue, key=lambda group: sum(map(seconds_of, self.workqueue[group])))
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Deal tests out by our own groups."""
    return Sharing(config, log)
