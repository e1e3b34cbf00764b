"""What a proxy does to a WebSocket: each question is asked of a proxy by its name."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.http11 import Request, Response

from .proxy_programs import HTTP_1_1, PROGRAMS, Proxy, running

SILENT = logging.getLogger("silent")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False

PATIENCE = 5.0
"""Seconds to wait for what should come soon."""

ORIGIN = "https://elsewhere.example"

# RFC 6455 §1.3: this key has this answer.
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPT = base64.b64encode(
    hashlib.sha1(b"dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)
# An unsolicited PONG, a PING between two fragments, an empty fragment, RSV1.
FRAMES = (b"\x8a\x01p", b"\x01\x02ab", b"\x89\x01q", b"\x00\x00", b"\x80\x01c", b"\xc1\x01z")
ODD = b"".join(FRAMES)
ODD_MASKED = b"".join(
    frame[:1] + bytes([frame[1] | 0x80]) + bytes(4) + frame[2:] for frame in FRAMES
)


class Meeting:
    """A client, a proxy, a server: both ends are `websockets`."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.server: ServerConnection

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.proxy.port}"

    async def ends(self, client: ClientConnection, seconds: float = PATIENCE) -> str:
        """How the connection ended at both ends: "client 1006, server 1006", or "open"."""
        told = []
        for who, ws in (("client", client), ("server", self.server)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ws.wait_closed(), seconds)
            code = ws.close_code
            reason = f" “{ws.close_reason}”" if code and ws.close_reason else ""
            told.append(f"{who} {code}{reason}" if code else f"{who} open")
        return "open" if told == ["client open", "server open"] else ", ".join(told)


async def _quiet(ws: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in ws:
            await ws.send(message)


@contextlib.asynccontextmanager
async def meeting(
    name: str, handler: Any = _quiet, settings: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Meeting]:
    """Run a server and a proxy in front of it."""
    met: list[Meeting] = []

    async def handle(ws: ServerConnection) -> None:
        met[0].server = ws
        await handler(ws)

    quiet = {"ping_interval": None, "max_size": None, "close_timeout": 2, "logger": SILENT}
    async with serve(handle, "127.0.0.1", 0, **{**quiet, **options}) as server:
        port = server.sockets[0].getsockname()[1]
        with contextlib.ExitStack() as stack:
            run = running(name, port, **(settings or {}))
            proxy = await asyncio.to_thread(stack.enter_context, run)
            met.append(Meeting(proxy))
            try:
                yield met[0]
            finally:
                await asyncio.to_thread(stack.close)


def client(meeting: Meeting, **options: Any) -> connect:
    """Connect through the proxy."""
    quiet = {"proxy": None, "ping_interval": None, "close_timeout": 2, "max_size": None}
    return connect(meeting.url, **{**quiet, **options})


# ---- what arrives ----


async def _headers(name: str, **options: Any) -> tuple[Request, str]:
    async with meeting(name) as m, client(m, **options):
        await asyncio.sleep(0)
        request = m.server.request
        assert request is not None
        return request, f"127.0.0.1:{m.proxy.port}"


async def host(name: str) -> str:
    request, sent = await _headers(name)
    words = "as sent" if request.headers["Host"] == sent else "the server's address"
    more = sorted(key for key in request.headers if key.lower().startswith("x-forwarded"))
    return f"{words}; adds {', '.join(more)}" if more else words


async def origin(name: str) -> str:
    request, _ = await _headers(name, origin=ORIGIN)
    return "as sent" if request.headers["Origin"] == ORIGIN else "changed"


async def subprotocols(name: str) -> str:
    lines = [("Sec-WebSocket-Protocol", "chat"), ("Sec-WebSocket-Protocol", "superchat")]
    request, _ = await _headers(name, additional_headers=lines, subprotocols=None)
    return f"{len(request.headers.get_all('Sec-WebSocket-Protocol'))}"


async def deflate(name: str) -> str:
    async with meeting(name) as m, client(m) as ws:
        both = [bool(end.protocol.extensions) for end in (ws, m.server)]
        await ws.send("x" * 1000)
        assert await ws.recv() == "x" * 1000
    return "agreed between both ends" if all(both) else "not agreed"


async def odd_frames(name: str) -> str:
    """Whether bytes behind the handshake stay as they are, both ways."""
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve_raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(SWITCH + ODD)
            got.set_result(await reader.readexactly(len(ODD_MASKED)))
        except (asyncio.IncompleteReadError, asyncio.InvalidStateError):
            pass  # the proxy looked whether somebody listens
        finally:
            writer.close()

    server = await asyncio.start_server(serve_raw, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with running(name, port) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(REQUEST % b"127.0.0.1")
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                down = await reader.readexactly(len(ODD))
                writer.write(ODD_MASKED)
                up = await got
            writer.close()
    return "the same bytes, both ways" if (down, up) == (ODD, ODD_MASKED) else "changed"


async def large(name: str) -> str:
    async with meeting(name) as m, client(m) as ws:
        await ws.send(bytes(10 * 2**20))
        message = await asyncio.wait_for(ws.recv(), 20)
    return "comes back" if message == bytes(10 * 2**20) else "is changed"


async def pings(name: str) -> str:
    """Who answers a PING: a server that reads nothing does not."""
    async with meeting(name) as m, client(m) as ws:
        m.server.transport.pause_reading()
        waiter = await ws.ping()
        answered, _ = await asyncio.wait([waiter], timeout=0.5)
        m.server.transport.resume_reading()
        await asyncio.wait_for(waiter, PATIENCE)
    return "the proxy" if answered else "the other end"


# ---- how it ends ----


async def _bye(ws: ServerConnection) -> None:
    await ws.close(4001, "bye")


async def _raise(ws: ServerConnection) -> None:
    raise ConnectionError("a bug")


async def _abort(ws: ServerConnection) -> None:
    ws.transport.abort()


async def _end(name: str, handler: Any) -> str:
    async with meeting(name, handler) as m, client(m) as ws:
        return await m.ends(ws)


async def close_by_server(name: str) -> str:
    return await _end(name, _bye)


async def close_by_client(name: str) -> str:
    async with meeting(name) as m, client(m) as ws:
        await ws.close(4001, "bye")
        return await m.ends(ws)


async def handler_raises(name: str) -> str:
    return await _end(name, _raise)


async def server_aborts(name: str) -> str:
    return await _end(name, _abort)


async def client_aborts(name: str) -> str:
    async with meeting(name) as m, client(m) as ws:
        ws.transport.abort()
        return await m.ends(ws)


async def mute_client(name: str) -> str:
    """What keepalive of the server (a second each) leads to, when a client answers no PING."""
    options = {"ping_interval": 1, "ping_timeout": 1, "close_timeout": 10}
    async with meeting(name, **options) as m, client(m) as ws:
        ws.transport.pause_reading()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(m.server.wait_closed(), 4)
        state = m.server.state.name
        ws.transport.abort()
        m.server.transport.abort()
    words = {"CLOSED": "rid of it after 2 s", "CLOSING": "still waiting for it after 4 s"}
    return words.get(state, state)


# ---- who is not let in ----


async def _status(m: Meeting) -> str:
    try:
        async with client(m):
            return "101"
    except InvalidStatus as exc:
        return str(exc.response.status_code)
    except (InvalidHandshake, OSError) as exc:
        return type(exc).__name__


async def forbidden(name: str) -> str:
    def refuse(ws: ServerConnection, request: Request) -> Response:
        return ws.respond(403, "no\n")

    async with meeting(name, process_request=refuse) as m:
        return await _status(m)


async def no_server(name: str) -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with running(name, port) as proxy:
        return await _status(Meeting(proxy))


async def upgrade_lines(name: str) -> str:
    """What comes of leaving out the lines about the upgrade, where a configuration needs them."""
    if "{upgrade}" not in PROGRAMS[name].config:
        return "there are none"
    told = []
    for lines in ("", HTTP_1_1):
        async with meeting(name, settings={"upgrade": lines}) as m:
            told.append(await _status(m))
    return f"none: {told[0]}; HTTP/1.1 alone: {told[1]}"


# ---- reload, stop, many ----


async def reload(name: str) -> str:
    async with meeting(name) as m, client(m) as ws:
        await asyncio.to_thread(m.proxy.reload)
        ended = await m.ends(ws, 1.5)
        if ended != "open":
            return f"cut: {ended}"
        await ws.send("still there?")
        assert await asyncio.wait_for(ws.recv(), PATIENCE) == "still there?"
        return "stays open"


async def stop(name: str) -> str:
    told = []
    for word, how in PROGRAMS[name].stop.items():
        async with meeting(name) as m, client(m) as ws:
            m.proxy.stop(how)
            told.append(f"{word}: {await m.ends(ws, 1.5)}")
    return "; ".join(told)


async def many(name: str) -> str:
    """How many connections are let in, a thousand at most."""
    async with meeting(name) as m:
        return await asyncio.to_thread(_count, m.proxy.port)


def _count(port: int, most: int = 1000) -> str:
    with contextlib.ExitStack() as stack:
        for number in range(most):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=3))
            sock.sendall(REQUEST % b"127.0.0.1")
            try:
                head = sock.recv(12)
            except (TimeoutError, ConnectionError):
                return f"{number}; the next one waits"
            if b" 101" not in head:
                return f"{number}; the next one is turned away"
    return f"{most} and more"


Question = Callable[[str], Awaitable[str]]

QUESTIONS: dict[str, Question] = {
    "`Host` at the server": host,
    "`Origin` at the server": origin,
    "`Sec-WebSocket-Protocol` in two lines: lines at the server": subprotocols,
    "permessage-deflate": deflate,
    "odd frames: a PONG nobody asked for, a PING between fragments, RSV1": odd_frames,
    "a message of 10 MiB": large,
    "who answers a PING": pings,
    'the server closes, 4001 "bye"': close_by_server,
    'the client closes, 4001 "bye"': close_by_client,
    "the handler raises": handler_raises,
    "the server's TCP is reset": server_aborts,
    "the client's TCP is reset": client_aborts,
    "a client that answers no PING, a server with keepalive: the server is": mute_client,
    "the server answers 403: the client gets": forbidden,
    "there is no server: the client gets": no_server,
    "without the lines about the upgrade": upgrade_lines,
    "reload, with a configuration that has changed": reload,
    "stop": stop,
    "connections at once, Debian's configuration": many,
}
