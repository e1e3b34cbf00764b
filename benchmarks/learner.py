"""
What one learner needs of a shared machine: memory and processor.

Run it as `make bench-learner`. It starts a Jupyter server and a kernel, runs all notebooks in that
kernel one after another, leaves them open, and prints a Markdown table; then it runs 00 in more and
more kernels at once. Memory is PSS, where the system tells it (Linux): what processes share is
divided among them, so the figures can be added up. Elsewhere it is RSS.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TIMEOUT = 120.0  # for whatever is waited for, also on a machine that does much else
INTERVAL = 0.05  # between two looks at the memory
CONSOLE = "import wslab\nwslab.BrowserConsole(wslab.serve(wslab.handlers.echo, name='benchmark'))"


def memory(process: psutil.Process) -> float:
    """Return MiB that a process and its children use now."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            info = one.memory_full_info() if psutil.LINUX else one.memory_info()
            total += getattr(info, "pss", info.rss)
    return total / 2**20


def cpu(process: psutil.Process) -> float:
    """Return seconds that a process and its children have computed."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


@contextlib.contextmanager
def peak(process: psutil.Process) -> Iterator[list[float]]:
    """Look at the memory all the time; yield a list whose only item is the most of it so far."""
    most, done = [memory(process)], threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            most[0] = max(most[0], memory(process))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


class Kernel:
    """A kernel of this Python, as JupyterLab starts one."""

    def __init__(self, data: str) -> None:
        self.manager = KernelManager()
        env = {**os.environ, "WSLAB_DATA_DIR": data}
        self.manager.start_kernel(cwd=str(NOTEBOOKS), env=env, stderr=subprocess.DEVNULL)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)
        self.process = psutil.Process(self.manager.provisioner.process.pid)

    def run(self, source: str, may_raise: bool = False) -> None:
        """
        Run a cell.

        Raises:
            RuntimeError: The cell raised something.
        """
        content: dict[str, Any] = self.client.execute_interactive(
            source, timeout=TIMEOUT, output_hook=lambda message: None, allow_stdin=False
        )["content"]
        if content["status"] != "ok" and not may_raise:
            raise RuntimeError(f"{content.get('ename')}: {content.get('evalue')}\n\n{source}")

    def run_all(self, notebook: Path) -> float:
        """Run all cells of a notebook; return the seconds it took."""
        begin = time.perf_counter()
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                tags = cell["metadata"].get("tags", [])
                self.run("".join(cell["source"]), may_raise="raises-exception" in tags)
        return time.perf_counter() - begin

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def jupyter_server(folder: str) -> Iterator[psutil.Process]:
    """Yield the process of a Jupyter server with JupyterLab, once it answers; end it."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": folder}
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            timer = threading.Timer(TIMEOUT, server.kill)
            timer.start()
            for line in server.stderr:
                if "is running at" in line:
                    break
            else:
                raise RuntimeError("JupyterLab did not start")
            timer.cancel()
            drain = threading.Thread(target=server.stderr.read, daemon=True)
            drain.start()
            yield psutil.Process(server.pid)
        finally:
            timer.cancel()
            server.terminate()
            try:
                server.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                server.kill()
            drain.join(TIMEOUT)


def idle(processes: list[psutil.Process], seconds: float) -> float:
    """Return which part of one CPU, in percent, processes need while nobody does anything."""
    before = sum(map(cpu, processes))
    begin = time.perf_counter()
    threading.Event().wait(seconds)
    return 100 * (sum(map(cpu, processes)) - before) / (time.perf_counter() - begin)


def learner(notebooks: list[Path], seconds: float, data: str) -> Iterator[str]:
    """Measure one learner; yield the lines of the table."""
    yield "| what | memory, MiB | at most, MiB | CPU, s | took, s |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(jupyter_server(data))
        now = memory(server)
        yield row("JupyterLab's server", now, now, cpu(server))
        begin = time.perf_counter()
        kernel = Kernel(data)
        stack.callback(kernel.close)
        took = time.perf_counter() - begin
        now = memory(kernel.process)
        yield row("a kernel, just started", now, now, cpu(kernel.process), took)
        highest = 0.0
        for notebook in notebooks:
            before = cpu(kernel.process)
            with peak(kernel.process) as most:
                took = kernel.run_all(notebook)
                now = memory(kernel.process)
            spent = cpu(kernel.process) - before
            top = max(most[0], now)  # the kernel may have grown since the thread looked last
            highest = max(highest, top)
            yield row(f"and {notebook.stem[:2]} run", now, top, spent, took)
        kernel.run(CONSOLE)
        now = memory(kernel.process)
        yield row("and a console", now, now)
        total = memory(server) + memory(kernel.process)
        yield row("**one learner**", total, memory(server) + highest)
        percent = idle([server, kernel.process], seconds)
        yield f"\nIdle, with everything left open: {percent:.1f} % of one CPU."


def row(what: str, now: float, most: float, spent: float | None = None, took: float = 0) -> str:
    """Return a line of the table."""
    times = ["" if not value else f"{value:.1f}" for value in (spent, took)]
    return f"| {what} | {now:.0f} | {most:.0f} | {times[0]} | {times[1]} |"


def crowd(notebook: Path, limit: int, data: str) -> Iterator[str]:
    """Run a notebook in more and more kernels at once, until it takes twice as long as in one."""
    yield f"\n| kernels at once | Run All of {notebook.stem[:2]}, s | times one |"
    yield "| ---: | ---: | ---: |"
    alone = None
    count = 1
    while count <= limit:
        with contextlib.ExitStack() as stack:
            kernels = []
            for _ in range(count):
                kernels.append(Kernel(data))
                stack.callback(kernels[-1].close)
            pool = stack.enter_context(ThreadPoolExecutor(count))
            taken = statistics.median(pool.map(lambda one: one.run_all(notebook), kernels))
        alone = alone or taken
        yield f"| {count} | {taken:.2f} | {taken / alone:.1f} |"
        if taken >= 2 * alone:
            break
        count *= 2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What one learner needs.")
    parser.add_argument("--idle", type=float, default=20, help="seconds to watch idle processes")
    parser.add_argument("--crowd", type=int, default=16, help="how many kernels at most")
    parser.add_argument("--notebooks", default="*", help="such as 0[0-5]*")
    options = parser.parse_args()
    notebooks = sorted(NOTEBOOKS.glob(f"{options.notebooks}.ipynb"))
    if not notebooks:
        parser.error(f"no notebook is named {options.notebooks}.ipynb")
    with tempfile.TemporaryDirectory() as data:
        for line in learner(notebooks, options.idle, data):
            print(line, flush=True)
        for line in crowd(notebooks[0], options.crowd, data):
            print(line, flush=True)
    command = shlex.join(["python", "benchmarks/learner.py", *sys.argv[1:]])
    kind = "PSS" if psutil.LINUX else "RSS"
    python = f"Python {platform.python_version()} on {platform.system()}"
    jupyterlab = f"JupyterLab {version('jupyterlab')}"
    print(f"\n`{command}`: {jupyterlab}, {python}, {os.cpu_count()} CPUs, {kind}.")


if __name__ == "__main__":
    main()
