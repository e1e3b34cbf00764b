"""Exercise 12.4: A relay of your own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Finding,
    answering,
    awkward,
    call,
    show,
)
from wslab.exercises._judge import Server as Judged
from wslab.exercises._rule import rule
from wslab.server import serve

__all__ = ["EXERCISE"]


class _Upstream:
    """The server behind the relay."""

    def __init__(self) -> None:
        self.closed = threading.Event()  # a connection has ended
        self.code: int | None = None
        self.connections = 0

    async def __call__(self, ws: ServerConnection) -> None:
        self.connections += 1
        try:
            await ws.send("Welcome!")
            async for message in ws:
                if isinstance(message, str) and message.startswith("close "):
                    await ws.close(int(message[6:]), "enough")
                await ws.send(message)
        finally:
            await ws.wait_closed()
            self.code = ws.close_code
            self.closed.set()


@contextlib.contextmanager
def _relaying(answer: Any) -> Iterator[tuple[Judged, _Upstream]]:
    upstream = _Upstream()
    with serve(upstream, name="check upstream", ping_interval=None) as server:
        handler = call(answer, server.url, timeout=CLIENT_TIMEOUT)
        with answering(handler) as relay:
            yield relay, upstream


@rule("what the server sends goes to the client")
def _down(answer: Any) -> None:
    with _relaying(answer) as (relay, _), relay.clients(2) as clients:
        for client in clients:
            client.expect("Welcome!", "what the server sends by itself did not arrive")


@rule("connects each client to the server")
def _each(answer: Any) -> None:
    with _relaying(answer) as (relay, upstream), relay.client() as first:
        first.receive("Welcome!")
        with relay.client() as second:
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                second.ws.recv(timeout=REPLY_TIMEOUT)
            if upstream.connections == 1:
                problem = "one connection is for all clients, so each gets what is for another one"
                raise second.finding(problem, "two connections to the server", "one")


@rule("what the client sends goes to the server")
def _up(answer: Any) -> None:
    texts = ["hello", "again", "again", awkward.TEXTS["two lines"], *map(str, range(20))]
    with _relaying(answer) as (relay, _), relay.client() as client:
        client.expect("Welcome!", "what the server sends by itself did not arrive")
        for text in texts:
            client.send(text)
        for text in texts:
            client.expect(text, "the server sends each message back, and it did not arrive")


@rule("text as text and binary data as binary data")
def _kinds(answer: Any) -> None:
    for message in ("42", b"42", "", b"", awkward.BYTES["long"]):
        with _relaying(answer) as (relay, _), relay.client() as client:
            client.receive("Welcome!")
            client.send(message)
            got = client.receive(show(message))
            if got != message:
                problem = "the server sends each message back, and another one arrived"
                raise client.finding(problem, show(message), show(got))


def _server_closes(answer: Any, code: int) -> None:
    with _relaying(answer) as (relay, _), relay.client() as client:
        client.receive("Welcome!")
        client.send(f"close {code}")
        client.expect_close(code, f"the server closed with {code}")


def _client_closes(answer: Any, code: int) -> None:
    sent = f"CLOSE {code} from the client"
    expected = f"the relay closes the server's connection with {code}"
    with _relaying(answer) as (relay, upstream):
        with relay.client() as client:
            client.receive("Welcome!")
            client.ws.close(code, "bye")
        if not upstream.closed.wait(REPLY_TIMEOUT):
            problem = "the server's connection stays open"
            raise Finding(problem, sent=sent, expected=expected, got="nothing")
        if upstream.code != code:
            problem, got = (
                "the server's connection ended otherwise",
                f"it ended with {upstream.code}",
            )
            raise Finding(problem, sent=sent, expected=expected, got=got)


@rule("closes the other one with the same code")
def _closes(answer: Any) -> None:
    for code in (4001, 3000, 4999):
        _server_closes(answer, code)
        _client_closes(answer, code)


EXERCISE = Exercise(
    id="12.4",
    title="A relay of your own",
    task=(
        "Write `relay(url)`. It returns a handler, which connects each client to the server at "
        "`url`: what the client sends goes to the server, and what the server sends goes to the "
        "client, whoever speaks first, text as text and binary data as binary data. When one of "
        "the two closes, with a code from 3000 to 4999, the relay closes the other one with the "
        "same code."
    ),
    name="relay",
    starter="""
import asyncio

from websockets.asyncio.client import connect


def relay(url):
    async def handler(ws):
        async with connect(url) as server:
            ...

    return handler
""",
    hints=(
        "Two directions at once are two coroutines: `pump(source, target)`, once each way. "
        "`send()` keeps the kind of what `recv()` returned.",
        "A loop `async for message in source` ends, or raises `ConnectionClosed`, when the source "
        "closes. Then `source.close_code` is the code, and `target.close(code)` passes it on.",
        "`await asyncio.gather(pump(ws, server), pump(server, ws))`: when one pump has closed its "
        "target, the other one's source is closed, too, and it ends by itself.",
    ),
    solution="""
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def pump(source, target):
        try:
            async for message in source:
                await target.send(message)
        except ConnectionClosed:
            pass
        # Codes such as 1006 say what happened, and may not be sent.
        code = source.close_code or 1000
        await target.close(code if code >= 3000 else 1000, source.close_reason or "")

    async def handler(ws):
        async with connect(url) as server:
            await asyncio.gather(pump(ws, server), pump(server, ws))

    return handler
""",
    explanation=(
        "This is a proxy of messages: it makes a handshake of its own, so the server sees neither "
        "the client's headers nor its frames, and PINGs are answered on the way. `wslab.tap()` "
        "passes bytes instead, and changes next to nothing."
    ),
    rules=(_down, _each, _up, _kinds, _closes),
    minutes=30,
    difficulty=3,
    needs="A tap",
)
