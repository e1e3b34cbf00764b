"""What servers do when the same thing happens."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from wslab.faults import RawClient
from wslab.wire import Frame

from .engines import SECONDS, TOOLS, free_port, listens, node_program, output, tool, until

HERE = Path(__file__).parent
PYTHON = ("websockets", "aiohttp", "uvicorn", "hypercorn", "granian", "tornado", "picows")
JAVASCRIPT = {"ws": "node", "bun": "bun", "deno": "deno"}

MEBIBYTES = (1, 4, 10, 16, 64, 100)
PING_WAIT = 1.5  # s; /sleep lasts 2 s
IDLE_WAIT = 35.0  # s
HEADER_WAIT = 0.5  # s


@contextlib.contextmanager
def running(name: str, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """
    Run a server of apps.py or apps.mjs; give its process and its port.

    Args:
        name: That of the server.
        more: For aiohttp: the file of a certificate and its key.
    """
    port = free_port()
    process = subprocess.Popen(
        [*_command(name, str(port)), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: listens(port) or process.poll() is not None, f"{name} did not start")
        assert process.poll() is None, f"{name} ended at once"
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def version(name: str) -> str:
    """The version of one of Python's packages, or of another server."""
    if name == "ws":
        script = f"console.log(require('{TOOLS}/node_modules/ws/package.json').version)"
        return output(node_program(), "-e", script)
    if name in JAVASCRIPT:
        return output(tool(TOOLS / "node_modules" / ".bin" / name), "--version").split()[-1]
    script = f"import importlib.metadata as m; print(m.version({name!r}))"
    return output(tool(TOOLS / "venv" / "bin" / "python"), "-c", script)


def _command(name: str, port: str) -> list[str]:
    if name in PYTHON:
        return [_python(), str(HERE / "apps.py"), name, port]
    script = [str(HERE / "apps.mjs"), name, port]
    if name == "ws":
        return [
            node_program(),
            *script,
            str(TOOLS / "node_modules" / "ws"),
        ]
    program = tool(TOOLS / "node_modules" / ".bin" / name)
    return [program, *(["run", "--allow-all", "--no-check"] if name == "deno" else []), *script]


def _python() -> str:
    """Python with the servers that `make atlas` installs, or else this one with what it has."""
    python = TOOLS / "venv" / "bin" / "python"
    return str(python) if python.exists() else sys.executable


def ask(name: str) -> dict[str, str]:
    """What a server does in each case."""
    with running(name) as (_, port), concurrent.futures.ThreadPoolExecutor(1) as thread:
        idle = thread.submit(_first_ping, port)
        url = f"ws://127.0.0.1:{port}"
        answers = {
            "handler raises before the handshake": _failing(name, "/early"),
            "handler refuses": end(f"{url}/no"),
            "handler raises": _failing(name, "/raises"),
            "handler returns": end(f"{url}/returns"),
            'handler closes with 4001 "bye"': end(f"{url}/bye"),
            'client closes with 4001 "bye"': _answer_to_close(f"{url}/echo"),
            "TEXT that is not UTF-8": _invalid_text(f"{url}/echo"),
            "message too big": _limit(f"{url}/echo"),
            "permessage-deflate is offered": _deflate(f"{url}/echo"),
            "PING while the handler awaits something else": _ping(f"{url}/sleep"),
            "client says nothing": idle.result(),
            "GET without `Upgrade`": _plain(port),
        }
    if name in ("tornado", "picows", *JAVASCRIPT):
        answers["handler returns"] = "is a callback: nothing"
    return answers


def _failing(name: str, path: str) -> str:
    """How a connection ends whose handler raises; in some runtimes it takes the process along."""
    with running(name) as (process, port):
        told = end(f"ws://127.0.0.1:{port}{path}")
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            return told
        return f"{told}; the whole server process ends"


def end(url: str) -> str:
    """How a connection ends that the client does not end."""
    try:
        with connect(url, proxy=None, ping_interval=None, close_timeout=2) as ws:
            return _received(ws)
    except InvalidStatus as refused:
        return f"HTTP {refused.response.status_code}"
    except (InvalidHandshake, EOFError, OSError) as error:
        return f"no HTTP answer ({type(error).__name__})"


def _received(ws: ClientConnection) -> str:
    try:
        while True:
            ws.recv(timeout=SECONDS / 4)
    except TimeoutError:
        return "it stays open"
    except ConnectionClosed as closed:
        return _words(closed)


def _words(closed: ConnectionClosed) -> str:
    if closed.rcvd is None:
        return "TCP ends, no CLOSE"
    if closed.rcvd.code == 1005:
        return "CLOSE without a code"
    reason = closed.rcvd.reason
    return f'CLOSE {closed.rcvd.code} "{reason}"' if reason else f"CLOSE {closed.rcvd.code}"


def _answer_to_close(url: str) -> str:
    with connect(url, proxy=None, close_timeout=2) as ws:
        ws.close(4001, "bye")
        try:
            ws.recv(timeout=SECONDS)
        except ConnectionClosed as closed:
            return f"answers {_words(closed)}"
    raise AssertionError("closed, and recv() did not raise")


def _invalid_text(url: str) -> str:
    with connect(url, proxy=None, compression=None, close_timeout=2) as ws:
        ws.send(b"\xc3\x28", text=True)
        return _received(ws)


def _limit(url: str) -> str:
    """Find the first size that is too big, by sending one byte more than likely limits."""
    for mebibytes in MEBIBYTES:
        size = (mebibytes << 20) + 1
        refusal = _refusal_of_header(url, size) or _refusal_of_message(url, size)
        if refusal:
            return f"over {mebibytes} MiB: {refusal}"
    return f"{MEBIBYTES[-1]} MiB pass"


def _refusal_of_header(url: str, size: int) -> str | None:
    """Send a frame's header only: where that is enough, CLOSE cannot be lost behind the payload."""
    with RawClient(url, timeout=HEADER_WAIT) as client:
        client.send(b"\x82\xff" + size.to_bytes(8, "big") + bytes(4))
        try:
            close = client.receive()
        except TimeoutError:
            return None
    if not isinstance(close, Frame) or close.close_code is None:
        return "TCP ends, no CLOSE"
    return f'CLOSE {close.close_code} "{close.close_reason or ""}"'.removesuffix(' ""')


def _refusal_of_message(url: str, size: int) -> str | None:
    with connect(url, proxy=None, compression=None, close_timeout=2, ping_interval=None) as ws:
        try:
            ws.send(bytes(size))
            ws.recv(timeout=SECONDS)
        except ConnectionClosed as closed:
            return _words(closed)
    return None


def _deflate(url: str) -> str:
    with connect(url, proxy=None, close_timeout=2) as ws:
        return "agrees" if ws.protocol.extensions else "declines"


def _ping(url: str) -> str:
    with connect(url, proxy=None, compression=None, close_timeout=0.1) as ws:
        ws.send("sleep")
        return "PONG at once" if ws.ping().wait(PING_WAIT) else "PONG when the handler is done"


def _first_ping(port: int) -> str:
    """See when the first PING comes to a client that says nothing."""
    begin = time.monotonic()
    try:
        with RawClient(f"ws://127.0.0.1:{port}/echo", timeout=IDLE_WAIT) as client:
            record = client.receive()
    except TimeoutError:
        return f"no PING in {IDLE_WAIT:.0f} s"
    assert record is not None
    assert record.kind == "ping"
    return f"PING after {time.monotonic() - begin:.0f} s"


def _plain(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/echo")
            return f"HTTP {connection.getresponse().status}"
        except (http.client.HTTPException, OSError) as error:
            return f"no HTTP answer ({type(error).__name__})"
