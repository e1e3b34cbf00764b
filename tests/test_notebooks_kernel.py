"""Every notebook runs as JupyterLab's Run All does it, and once more in the same kernel.

nbval sends a cell when the one before is done; Run All sends all of them at once. That is another
path through the kernel, and it has failed where nbval saw nothing: with plain nest-asyncio, an
`asyncio.run` in a cell loses the cells queued behind it. The environment differs as well: what
some machines and containers have set must not change what a notebook shows.
"""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode, v4
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams, get_sanitize_patterns

from wslab import cli

pytestmark = pytest.mark.kernel

TESTS = Path(__file__).parent
NOTEBOOKS = sorted((TESTS.parent / "notebooks").glob("*.ipynb"))
SANITIZE = get_sanitize_patterns(cli.sanitize_file().read_text(encoding="utf-8"))

AWKWARD = {
    "MPLBACKEND": "Agg",  # of containers; a figure would not be shown
    "PYTHONIOENCODING": "cp1252",  # of pipes on Windows
    "LC_ALL": "C",  # of services and of cron
}

START_SECONDS = 60  # for a kernel to start
RUN_SECONDS = 60  # for all cells of a notebook
EXIT_SECONDS = 10  # for a kernel to end by itself: half a second, or some on a busy machine


@contextmanager
def running_kernel(folder: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """A kernel of this very Python in `folder`, as nbval starts it, and killed at the end."""
    manager = KernelManager(
        kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager()
    )
    # What the process itself writes to stderr is no cell's output.
    environment = os.environ | AWKWARD
    manager.start_kernel(cwd=str(folder), stderr=subprocess.DEVNULL, env=environment)
    try:
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=START_SECONDS)
            yield manager, client
        finally:
            client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def exits(manager: KernelManager, seconds: float = EXIT_SECONDS) -> bool:
    """Whether the kernel ends in time when asked to shut down, as JupyterLab asks it."""
    manager.request_shutdown()
    try:
        manager.provisioner.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def read_cells(session: pytest.Session, path: Path, *, in_browser: bool = False) -> list[IPyNbCell]:
    """
    A notebook's code cells as nbval's test items, for its options and its way to compare.

    What is stored was shown to no browser: where one looks on, a cell that asks it shows more.
    """
    file = IPyNbFile.from_parent(session, path=path)
    file.sanitize_patterns.update(SANITIZE)
    items = list(file.collect())
    for item in items if in_browser else ():
        if ".attached()" in item.cell.source:
            item.options["check"] = False
    return items


def run_all(
    manager: KernelManager,
    client: BlockingKernelClient,
    items: list[IPyNbCell],
    seconds: float = RUN_SECONDS,
) -> list[list[NotebookNode]]:
    """Send all cells at once, then collect what each one shows until all are done."""
    ids = [
        client.execute(
            item.cell.source,
            allow_stdin=False,
            # JupyterLab's choice: an error stops the cells behind it unless the cell is to raise.
            stop_on_error="raises-exception" not in item.cell.metadata.get("tags", []),
        )
        for item in items
    ]
    outputs: dict[str, list[NotebookNode]] = {id_: [] for id_ in ids}
    unfinished = set(ids)
    deadline = monotonic() + seconds
    while unfinished:
        try:
            message = client.get_iopub_msg(timeout=min(1, seconds))  # then see whether it lives
        except Empty:
            done = len(ids) - len(unfinished)
            place = f"after {done} of {len(ids)} cells, in:\n{items[done].cell.source}"
            if not manager.is_alive():
                pytest.fail(f"the kernel died {place}")
            if monotonic() > deadline:
                pytest.fail(f"the kernel was still busy after {seconds} s: {place}")
            continue
        id_ = message["parent_header"].get("msg_id")
        if id_ not in outputs:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            unfinished.discard(id_)
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            outputs[id_].append(v4.output_from_msg(message))
        else:
            # Changes to what is already shown; nbval could not compare the result.
            assert kind not in {"update_display_data", "clear_output"}, f"a cell sent {kind}"
    return [outputs[id_] for id_ in ids]


def differences(items: list[IPyNbCell], runs: list[list[NotebookNode]]) -> list[str]:
    """A paragraph for each cell that failed, or showed something else than is stored."""
    problems = []
    for item, outputs in zip(items, runs, strict=True):
        raised = [output for output in outputs if output.output_type == "error"]
        # coalesce_streams changes what it is given
        new, stored = map(coalesce_streams, copy.deepcopy((outputs, item.cell.outputs)))
        if raised and not item.options["check_exception"]:
            reason = f"raised {raised[0].ename}: {raised[0].evalue}"
        elif item.options["check"] and not item.compare_outputs(new, stored):
            reason = "\n".join(item.comparison_traceback)
        else:
            continue
        problems.append(f"{item.name}, {item.cell.id}:\n{item.cell.source}\n{reason}")
    return problems


# xdist's loadscope keeps together what is equal up to the last "::" of the test's id. With one in
# the parameter the notebooks are spread over the processes instead of queueing for one.
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.stem}::Run All")
def test_notebook_runs_twice_with_all_cells_queued(
    path: Path, request: pytest.FixtureRequest
) -> None:
    """Run All shows what is stored, a second one shows it again, and the kernel ends by itself."""
    items = read_cells(request.session, path)
    with running_kernel(path.parent) as (manager, client):
        for which in ("first", "second"):
            problems = differences(items, run_all(manager, client, items))
            if problems:
                title = f"{which} Run All of {path.name}:"
                pytest.fail("\n\n".join([title, *problems]), pytrace=False)
        assert exits(manager), f"the kernel did not end within {EXIT_SECONDS} s of being asked to"


# --- The means themselves -----------------------------------------------------------------------


def write(folder: Path, *cells: tuple[str, Any]) -> Path:
    """A notebook of (source, what it shows) cells: a str is printed, an exception is raised."""
    nb = v4.new_notebook()
    for source, shown in cells:
        cell = v4.new_code_cell(source, execution_count=1)
        if isinstance(shown, str):
            cell.outputs.append(v4.new_output("stream", name="stdout", text=shown))
        if isinstance(shown, Exception):
            cell.outputs.append(
                v4.new_output("error", ename=type(shown).__name__, evalue=str(shown), traceback=[])
            )
            cell.metadata["tags"] = ["raises-exception"]
        nb.cells.append(cell)
    path = folder / "01_example.ipynb"
    path.write_text(v4.writes(nb), encoding="utf-8")
    return path


def test_queued_cells_are_told_apart(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What is shown belongs to its cell; an error that is meant stops nothing, another one does."""
    path = write(
        tmp_path,
        ("print('as stored')", "as stored\n"),
        ("1 / 0", ZeroDivisionError("division by zero")),
        ("1 / 0", ZeroDivisionError("something else")),
        ("print({'timestamp': 1795424216220})", "{'timestamp': 1795424003892}\n"),
        ("# NBVAL_IGNORE_OUTPUT\nprint(id(print))", "12345\n"),
        ("print('new')", "stored\n"),
        ("raise OSError('surprise')", None),
        ("print('never reached')", "never reached\n"),
    )
    items = read_cells(request.session, path)
    with running_kernel(tmp_path) as (manager, client):
        problems = differences(items, run_all(manager, client, items))
        again = differences(items[:2], run_all(manager, client, items[:2]))
        assert exits(manager)
    assert again == []
    reported = [problem.partition(",")[0] for problem in problems]
    assert reported == ["Cell 2", "Cell 5", "Cell 6", "Cell 7"], problems
    assert "raised OSError: surprise" in problems[2]


def test_kernel_that_dies_is_reported(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A kernel that dies fails the test soon, not when the time is up."""
    items = read_cells(request.session, write(tmp_path, ("import os; os._exit(1)", None)))
    with (
        running_kernel(tmp_path) as (manager, client),
        pytest.raises(pytest.fail.Exception, match="the kernel died after 0 of 1 cells"),
    ):
        run_all(manager, client, items)


def test_kernel_that_hangs_is_reported(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A cell that waits for ever is named, and a kernel that does not end is killed."""
    forever = "import atexit, threading, asyncio\n_ = atexit.register(threading.Event().wait)"
    forever += "\nawait asyncio.Event().wait()"
    items = read_cells(request.session, write(tmp_path, ("1", None), (forever, None), ("2", None)))
    with running_kernel(tmp_path) as (manager, client):
        with pytest.raises(pytest.fail.Exception, match="after 1 of 3 cells, in:\nimport atexit"):
            run_all(manager, client, items, seconds=2)
        assert not exits(manager, seconds=1)
    assert not manager.is_alive()
