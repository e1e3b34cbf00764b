"""How the end of a connection is told to a program: the atlas's first table."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator

from websockets.asyncio.server import ServerConnection

import wslab
from wslab import faults

from .engines import Engine

Handler = Callable[[ServerConnection], Awaitable[None]]

# Collects what the page's WebSocket fires until close, or for as long as one would wait for it.
LISTEN = """async (url, patience) => {
    const events = [];
    const socket = new WebSocket(url);
    return await new Promise((resolve) => {
        const late = setTimeout(() => resolve([...events, "no close event"]), patience);
        socket.onmessage = () => events.push("message");
        socket.onerror = () => events.push("error");
        socket.onclose = ({ code, reason, wasClean }) => {
            events.push(["close", code, reason, wasClean]);
            clearTimeout(late);
            setTimeout(() => resolve(events), 20); // an error might follow
        };
    });
}"""
PATIENCE = 5000  # ms


async def bye(ws: ServerConnection) -> None:
    await ws.close(4001, "bye")


async def returns(ws: ServerConnection) -> None:
    pass


async def raises(ws: ServerConnection) -> None:
    raise ValueError("a bug")


async def no_code(ws: ServerConnection) -> None:
    async with ws.send_context():
        ws.protocol.send_close()


async def ends_tcp(ws: ServerConnection) -> None:
    ws.transport.close()


async def resets_tcp(ws: ServerConnection) -> None:
    sock = ws.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ws.transport.abort()


def sends(data: bytes) -> Handler:
    """A server that sends bytes which break the rules, and waits."""

    async def handler(ws: ServerConnection) -> None:
        ws.transport.write(data)
        await ws.wait_closed()

    return handler


CASES: dict[str, Handler] = {
    'CLOSE 4001 "bye"': bye,
    "handler returns: CLOSE 1000": returns,
    "handler raises: CLOSE 1011": raises,
    "CLOSE without a code": no_code,
    "TCP ends (FIN), no CLOSE": ends_tcp,
    "TCP is reset (RST), no CLOSE": resets_tcp,
    "a frame with opcode 3": sends(b"\x83\x00"),
    "TEXT that is not UTF-8": sends(b"\x81\x02\xc3\x28"),
    "a masked frame": sends(b"\x81\x81\x00\x00\x00\x00a"),
    "CLOSE with code 1005": sends(b"\x88\x02\x03\xed"),
    "CLOSE with one byte": sends(b"\x88\x01\x03"),
}
REFUSED = "nobody listens"
FORBIDDEN = "HTTP 403"
OTHERS = (REFUSED, FORBIDDEN)


@contextlib.contextmanager
def server(case: str) -> Iterator[str]:
    """Run a server that ends its connections in that way; give its address."""
    handler = CASES.get(case, returns)
    refuse = faults.refuse(403) if case == FORBIDDEN else None
    with wslab.serve(
        handler, name="atlas", origins=None, process_request=refuse, close_timeout=1
    ) as running:
        url = running.url + "/"
        if case != REFUSED:
            yield url
    if case == REFUSED:
        yield url


def ask(engine: Engine) -> dict[str, str]:
    """What an engine is told in each case."""
    told = {}
    for case in (*CASES, *OTHERS):
        with server(case) as url:
            told[case] = words(engine.run(LISTEN, url, PATIENCE))
    return told


def words(events: list[object]) -> str:
    """Events in words: ``error, close 1006 "" false``."""
    parts = []
    for event in events:
        if isinstance(event, list):
            kind, code, reason, clean = event
            parts.append(f'{kind} {code} "{reason}" {str(clean).lower()}')
        else:
            parts.append(str(event))
    return ", ".join(parts)
