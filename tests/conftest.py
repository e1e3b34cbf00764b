"""What test modules share: a client made of bytes, a kernel, and a check that nothing is left."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gc
import logging
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import absent
import pytest

from wslab.service import registry

# With nbformat comes jsonschema, which looks for this to tell IRIs from other strings: to import it
# builds 38 grammars, and takes seconds. Nothing here has an IRI.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

TIMEOUT = 5.0
KERNEL_TIMEOUT = 30.0
MASK = bytes.fromhex("37fa213d")  # the masking key of RFC 6455's own example


class RawClient:
    """
    A TCP client that speaks WebSocket byte by byte, or refuses to.

    Attributes:
        sent: All bytes sent.
        received: All bytes received.
    """

    def __init__(self, port: int, **options: Any) -> None:
        self.sent = b""
        self.received = b""
        self._unread = b""
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT, **options)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)
        self.sent += data

    def send_frame(self, first: int, payload: bytes = b"", mask: bytes = MASK) -> None:
        """Send one masked frame of less than 126 bytes, whose first byte is ``first``."""
        self.send(frame(first, payload, mask))

    def open(self, path: str = "/", **headers: str) -> RawClient:
        """Send an opening handshake and read the response."""
        self.send(request(path, **headers))
        self.read_until(b"\r\n\r\n")
        return self

    def read(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        while len(self._unread) < count:
            self._fill()
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def read_until(self, end: bytes) -> bytes:
        """Return what comes up to and with ``end``."""
        while end not in self._unread:
            self._fill()
        return self.read(self._unread.index(end) + len(end))

    def read_frame(self) -> tuple[int, bytes]:
        """Return the first byte and the payload of the next frame, of less than 126 bytes."""
        first, length = self.read(2)
        return first, self.read(length)

    def read_all(self) -> bytes:
        """Return what comes until the server ends the connection, however it does."""
        # With TLS, some versions of OpenSSL name a reset connection a broken pipe.
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self._fill()
        return self.read(len(self._unread))

    def reset(self) -> None:
        """Vanish: close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _fill(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server ended the connection")
        self.received += data
        self._unread += data


def request(path: str = "/", **headers: str) -> bytes:
    """Bytes of an opening handshake."""
    lines = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Version": "13",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "\r\n"]
    ).encode()


def frame(first: int, payload: bytes = b"", mask: bytes = MASK) -> bytes:
    """Bytes of a masked frame of less than 126 bytes."""
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + mask + masked


@dataclasses.dataclass
class Result:
    """What a cell showed, and how long it took, if it is done."""

    stdout: str = ""
    stderr: str = ""
    value: str = ""
    error: str = ""
    sent: float = dataclasses.field(default=0.0, compare=False)
    seconds: float = dataclasses.field(default=0.0, compare=False)


class Kernel:
    """A kernel of this Python, and a client that sends cells to it."""

    def __init__(self, folder: Path) -> None:
        # Not needed by the other tests, and slow to import.
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="this Python",
            language="python",
        )
        self._stderr = (folder / "stderr.txt").open("w+")
        self.manager.start_kernel(cwd=str(folder), stderr=self._stderr)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=KERNEL_TIMEOUT)
        self.results: dict[str, Result] = {}

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self._stderr.close()

    def send(self, code: str, subshell: str | None = None) -> str:
        """Send a cell without waiting for it; return its id."""
        content = {"code": textwrap.dedent(code), "silent": False, "store_history": True}
        message = self.client.session.msg("execute_request", content)
        message["header"]["subshell_id"] = subshell
        cell = str(message["header"]["msg_id"])
        self.results[cell] = Result(sent=time.monotonic())
        self.client.shell_channel.send(message)
        return cell

    def collect(
        self, *cells: str, until: str | None = None, timeout: float = KERNEL_TIMEOUT
    ) -> list[Result]:
        """Wait for cells to be done, or for one of them to print something; return the results."""
        wanted = [self.results[cell] for cell in cells]
        deadline = time.monotonic() + timeout
        while not all(result.seconds for result in wanted):
            if until and any(until in result.stdout for result in wanted):
                break
            try:
                message = self.client.get_iopub_msg(timeout=deadline - time.monotonic())
            except queue.Empty:
                raise TimeoutError(f"still running: {wanted}") from None
            result = self.results.get(message["parent_header"].get("msg_id"), Result())
            content, kind = message["content"], message["msg_type"]
            if kind == "stream":
                name = content["name"]
                setattr(result, name, getattr(result, name) + content["text"])
            elif kind == "execute_result":
                result.value = content["data"]["text/plain"]
            elif kind == "error":
                result.error = f"{content['ename']}: {content['evalue']}".strip(": ")
            elif kind == "status" and content["execution_state"] == "idle":
                result.seconds = time.monotonic() - result.sent
        return wanted

    def run(self, code: str, subshell: str | None = None) -> Result:
        """Run a cell."""
        return self.collect(self.send(code, subshell))[0]

    def control(self, kind: str, **content: Any) -> dict[str, Any]:
        """Send a message on the control channel; return the content of the reply."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=KERNEL_TIMEOUT)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(reply["content"])

    def own_stderr(self) -> str:
        """What the process wrote to its stderr, past all cells."""
        self._stderr.seek(0)
        lines = self._stderr.read().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("[IPKernelApp] WARNING"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """
    Let the marker ``no_cover`` hold in xdist's processes, too.

    There pytest-cov 7.1 begins to measure twice, keeps the second, and stops that one only.
    """
    coverage = sys.modules.get("coverage")
    if (
        hasattr(session.config, "workerinput")
        and coverage
        and (first := coverage.Coverage.current())
    ):
        first.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Begin with what takes long, where tests are shared out by scope."""
    if config.option.dist != "loadscope":
        return None
    from distribution import LongestFirst

    return LongestFirst(config, log)


@pytest.fixture
def raw() -> Iterator[Callable[..., RawClient]]:
    """Connect :class:`RawClient` to a port; all of them are closed after the test."""
    clients = []

    def connect(port: int, **options: Any) -> RawClient:
        clients.append(RawClient(port, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.sock.close()


def until(condition: Callable[[], Any], what: str = "the condition") -> None:
    """Return once the condition holds: for what cannot be waited for, such as /proc."""
    deadline = time.monotonic() + TIMEOUT
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in {TIMEOUT:g} s"
        pause.wait(0.002)


def open_sockets() -> list[str]:
    """Sockets and epoll instances of this process, as Linux names them; elsewhere none."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for fd in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(f"/proc/self/fd/{fd}")
                if target.startswith(("socket:", "anon_inode:[eventpoll]")):
                    found.append(f"{fd} → {target}")
    return sorted(found)


@pytest.fixture(scope="session")
def _frozen() -> Iterator[None]:
    """Spare what pytest and its plugins imported in each collection: 10 ms instead of 300 ms."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep progress in a folder of the test; forget which hints were given."""
    monkeypatch.setenv("WSLAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("wslab.exercises._hints_given", {})
    return tmp_path / "data"


@pytest.fixture
def leaves_nothing(_frozen: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a running server, a thread or a socket behind."""
    # jupyter_client keeps an event loop for the next kernel.
    count_sockets = request.node.get_closest_marker("kernel") is None
    gc.collect()  # not to be blamed for what an earlier test dropped
    threads, sockets = set(threading.enumerate()), open_sockets()
    yield
    running = dict(registry.servers)
    for server in running.values():
        server.stop()
    for thread in set(threading.enumerate()) - threads:
        thread.join(TIMEOUT)
    left = [thread.name for thread in set(threading.enumerate()) - threads]
    if open_sockets() != sockets:
        gc.collect()
    assert (list(running), left) == ([], [])
    if count_sockets:
        assert open_sockets() == sockets


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> None:
    """Let an interrupt raise also where the tests run in the background, with SIGINT ignored."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """
    Fail a test during which something was printed, which in a notebook lands in some other cell.

    Python prints what is logged where nobody handles it; pytest handles everything, so logs are
    looked at as well. ``wslab`` has a handler for its own.
    """
    yield
    gc.collect()  # which is when asyncio reports tasks that nobody awaits
    printed = capfd.readouterr()
    logged = [
        f"{record.name}: {record.getMessage()}"
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING
        and not record.name.startswith("wslab")
        # In asyncio's debug mode, of the tests' own loops, on a busy machine.
        and record.msg != "Executing %s took %.3f seconds"
    ]
    assert (printed.out, printed.err, logged) == ("", "", [])


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book, built as `make book` does it; a warning is a failure."""
    root = Path(__file__).parents[1]
    folder = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs"]
    command += ["-d", str(folder / "doctrees"), ".", str(folder / "html")]
    built = subprocess.run(
        command, cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=300
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


@pytest.fixture
def redis_server() -> None:
    """The program is there; without it a test is skipped, and fails in CI."""
    if shutil.which("redis-server") is None:
        absent.give_up("redis-server is not installed")


@pytest.fixture
def children_in_usual_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Keep Python's development mode, if the tests run in it, from the processes that a test starts.

    asyncio tells of every slow step of anybody's code in it, and ipykernel 7 does not end: its
    control thread calls the main thread's loop, which debug mode refuses.
    """
    for name in ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG"):
        monkeypatch.delenv(name, raising=False)
