"""Tests of wslab.tap with programs of others on both sides: the record is what they saw."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import node
import pytest
import trustme
from conftest import TIMEOUT, until
from websockets.sync.client import connect

import wslab
from wslab.wire import KEEP_PAYLOAD, Handshake

pytestmark = [pytest.mark.usefixtures("leaves_nothing"), pytest.mark.slow]

PEERS = Path(__file__).parent / "peers"
START_TIMEOUT = 30.0

Said = list[tuple[bool, bytes]]
"""Messages: whether each is text, and its bytes."""


class Program:
    """A server in a process of its own."""

    def __init__(self, name: str, *arguments: str) -> None:
        program, settings = node.command() if name.endswith(".js") else (sys.executable, {})
        self.process = subprocess.Popen(
            [program, str(PEERS / name), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | settings,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"ws://127.0.0.1:{self.port}/chat"
        self._printed = ""
        # All the time: a pipe that is full would hold up the server.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._printed = self.process.stdout.read()

    def end(self) -> Said:
        """End it; return what it got, as it has printed it."""
        with self.process:
            self.process.kill()
            self._reader.join(TIMEOUT)
            assert not self._reader.is_alive(), "something that it has started is left"
        return parse(self._printed)


def parse(printed: str) -> Said:
    lines = map(json.loads, printed.splitlines())
    return [(is_text, base64.b64decode(data)) for is_text, data in lines]


@pytest.fixture(
    params=["aiohttp_server.py", "tornado_server.py", "uvicorn_server.py", "ws_server.js"]
)
def server(request: pytest.FixtureRequest) -> Iterator[Program]:
    program = Program(request.param)
    yield program
    if program.process.returncode is None:
        program.end()


def said(tap: wslab.Tap, sender: str) -> Said:
    """What one side said, as the tap has recorded it."""
    return [
        (message.kind == "text", message.payload)
        for message in tap.transcript.messages()
        if message.sender == sender
    ]


def kept(messages: Said) -> Said:
    """Of each message what a record keeps."""
    return [(is_text, data[:KEEP_PAYLOAD]) for is_text, data in messages]


MESSAGES: list[str | bytes] = [
    "hello hello hello",
    b"\x00\x01\xff",
    "",
    "Grüße 🎉" * 100,
    os.urandom(70_000),
    "hello hello hello",
]


@pytest.mark.parametrize("compression", ["deflate", None])
def test_websockets_as_the_client(server: Program, compression: Any) -> None:
    """A message in one frame, one in fragments: the record has what both sides have."""
    received: list[str | bytes] = []
    with (
        wslab.tap(server.url) as tap,
        connect(tap.url, compression=compression, subprotocols=["echo"], proxy=None) as ws,
    ):
        assert ws.subprotocol == "echo"
        for message in MESSAGES:
            ws.send(message)
            received.append(ws.recv(timeout=TIMEOUT))
        ws.send(["in ", "three ", "pieces"])
        received.append(ws.recv(timeout=TIMEOUT))
    assert received == [*MESSAGES, "in three pieces"]
    got = server.end()
    assert said(tap, "client") == kept(got)
    sent = [(isinstance(m, str), m.encode() if isinstance(m, str) else m) for m in received]
    assert got == sent
    assert said(tap, "server") == kept(sent)
    messages = tap.transcript.messages()
    assert [message.problem for message in messages] == [None] * len(messages)
    assert any(message.compressed for message in messages) is (compression == "deflate")
    assert len(messages[-2].frames) == 4  # websockets ends fragments with an empty one
    assert tap.transcript.filter(kind="lost") == wslab.Records()


def test_aiohttp_as_the_client(server: Program) -> None:
    """Another implementation of permessage-deflate, which asks for smaller windows."""

    async def talk(url: str) -> Said:
        answers: Said = []
        async with (
            asyncio.timeout(TIMEOUT),
            aiohttp.ClientSession() as session,
            session.ws_connect(url, compress=10, protocols=["echo"], max_msg_size=0) as ws,
        ):
            for message in MESSAGES:
                if isinstance(message, str):
                    await ws.send_str(message)
                else:
                    await ws.send_bytes(message)
                answer = await ws.receive()
                is_text = answer.type is aiohttp.WSMsgType.TEXT
                answers.append((is_text, answer.data.encode() if is_text else answer.data))
        return answers

    with wslab.tap(server.url) as tap:
        answers = asyncio.run(talk(tap.url))
    assert said(tap, "server") == kept(answers)
    assert said(tap, "client") == kept(server.end())


def test_ws_as_the_client(server: Program) -> None:
    """Node's most used client."""
    program, settings = node.command()
    with wslab.tap(server.url) as tap:
        client = subprocess.run(
            [program, str(PEERS / "ws_client.js"), tap.url],
            env=os.environ | settings, timeout=START_TIMEOUT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert tap.transcript.wait(kind="close", sender="client").close_code == 4000
    assert said(tap, "server") == kept(parse(client.stdout))
    assert said(tap, "client") == kept(server.end())


def test_a_server_with_tls(tmp_path: Path) -> None:
    """It has a certificate of a private CA; what the tap saw is what the server printed."""
    authority, context = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(context)
    certificate = tmp_path / "certificate.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    server = Program("aiohttp_server.py", str(certificate))
    received: list[str | bytes] = []
    with (
        wslab.tap(f"wss://localhost:{server.port}/chat", ssl=context) as tap,
        connect(tap.url, proxy=None) as ws,
    ):
        for message in MESSAGES:
            ws.send(message)
            received.append(ws.recv(timeout=TIMEOUT))
    assert received == MESSAGES
    got = server.end()
    assert got == [(isinstance(m, str), m.encode() if isinstance(m, str) else m) for m in received]
    assert said(tap, "client") == said(tap, "server") == kept(got)


def test_its_other_answers(server: Program) -> None:
    """Whatever such a server answers to a GET is what it answers through the tap."""

    def get(port: int) -> tuple[int, bytes]:
        try:
            answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=TIMEOUT)
        except urllib.error.HTTPError as exc:
            answer = exc
        with answer:
            return answer.status, answer.read()

    with wslab.tap(server.url, http=True) as tap:
        assert get(tap.port) == get(server.port)
        assert tap.transcript.wait(kind="http").request == "GET /page HTTP/1.1"


# --- A notebook's own channel


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A Jupyter server of this Python: its address and its token."""
    token = uuid.uuid4().hex
    options = ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--no-browser", "--allow-root"]
    folders = {f"JUPYTER_{what}_DIR": str(tmp_path) for what in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *options, f"--IdentityProvider.token={token}"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | folders,
    )
    try:
        assert process.stderr is not None
        log = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+", log)):
            line = process.stderr.readline()
            assert line, log  # it has ended
            log += line
        # jupyter_server names its address before it listens there.
        until(lambda: answers(address[0]), "Jupyter's answer")
        yield address[0], token
    finally:
        process.terminate()
        process.communicate(timeout=START_TIMEOUT)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/api", timeout=TIMEOUT):
            return True
    except urllib.error.URLError:
        return False


def ask(url: str, token: str, method: str) -> Any:
    headers = {"Authorization": f"token {token}"}
    request = urllib.request.Request(url, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=START_TIMEOUT) as answer:
        return json.loads(answer.read() or "null")


def test_the_channel_of_a_kernel(jupyter: tuple[str, str]) -> None:
    """A kernel is started, asked and stopped through the tap: HTTP and WebSocket on one address."""
    address, token = jupyter
    with wslab.tap(address, http=True) as tap:
        kernel = ask(f"{tap.url}/api/kernels", token, "POST")
        channel = f"ws://127.0.0.1:{tap.port}/api/kernels/{kernel['id']}/channels"
        header = {"msg_id": "1", "msg_type": "kernel_info_request", "session": "s", "username": "u"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": {}}
        with connect(
            channel,
            subprotocols=["v1.kernel.websocket.jupyter.org"],
            additional_headers={"Authorization": f"token {token}"},
            proxy=None,
        ) as ws:
            parts = [b"shell", *(json.dumps(part).encode() for part in message.values())]
            offsets = [8 * (len(parts) + 2)]
            for part in parts:
                offsets.append(offsets[-1] + len(part))
            numbers = [len(offsets), *offsets]
            sent = b"".join([*(number.to_bytes(8, "little") for number in numbers), *parts])
            ws.send(sent)
            while b"kernel_info_reply" not in (answer := ws.recv(timeout=START_TIMEOUT)):
                pass
        ask(f"{tap.url}/api/kernels/{kernel['id']}", token, "DELETE")
    handshake = tap.transcript.filter(kind="handshake", sender="server")[0]
    assert isinstance(handshake, Handshake)
    assert handshake.header("Sec-WebSocket-Protocol") == "v1.kernel.websocket.jupyter.org"
    assert said(tap, "client") == [(False, sent)]
    assert (False, answer) in said(tap, "server")
    methods = [record.request.split(" ")[0] for record in tap.transcript.filter(kind="http")]
    assert methods == ["POST", "DELETE"]
