"""How xdist shares the tests out: as ``--dist loadscope`` does, what takes long before the rest."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Modules with few tests that take long: begun last, one of them would go on when all else is done.
LONG = {
    "test_book.py",
    "test_contributing.py",
    "test_nbval_sanitize.py",
    "test_benchmarks.py",
    "test_bus_losses.py",
    "test_kernel.py",
    "test_processes_lesson.py",
    "test_pytest_plugin.py",
    "test_packaging.py",
    "test_production_lesson.py",
    "test_tap_peers.py",
    "test_readme.py",
    "test_cli.py",
    "test_exit.py",
}


class LongestFirst(LoadScopeScheduling):
    """
    Every second process is given what takes long, while there is any.

    Such tests compute, and most others wait: side by side they leave no processor idle.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        scopes = list(self.workqueue)
        if self.nodes.index(node) % 2 == 0:
            scopes = [scope for scope in scopes if _module(scope) in LONG] or scopes
        else:
            scopes = [scope for scope in scopes if _module(scope) not in LONG] or scopes
        self.workqueue.move_to_end(scopes[0], last=False)
        super()._assign_work_unit(node)


def _module(scope: str) -> str:
    return PurePosixPath(scope.partition("::")[0]).name
