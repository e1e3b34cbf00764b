"""Each client of the notebooks, run against bare ``websockets`` servers that do their worst."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import ssl
import threading
import types
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from taught import source
from taught.bench import bench
from taught.cases import JUNK
from taught.catalogue import CLIENTS, OWN_SERVER
from taught.source import Taught
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

LIMIT = 4.0  # seconds: more than all limits that the clients have, made a tenth

FOUND = [one for one in source.everything() if source.connects(one)]
CALLED = [one for one in FOUND if one.key in CLIENTS]

SERVERS: dict[str, Callable[[Any], Awaitable[None]]] = {}


def server(handler: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """Add a server, under its handler's name."""
    SERVERS[handler.__name__] = handler
    return handler


@server
async def says_nothing(ws: Any) -> None:
    """Reads what comes and answers nothing."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in ws:
            pass


@server
async def closes_at_once(ws: Any) -> None:
    """Has nothing to say, and says so properly."""


@server
async def closes_with_a_code(ws: Any) -> None:
    """Throws everybody out."""
    await ws.close(4001, "not today")


@server
async def is_cut_off(ws: Any) -> None:
    """Takes one message, and is gone."""
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(0.1):
            await ws.recv()
    ws.transport.abort()


@server
async def talks_nonsense(ws: Any) -> None:
    """Sends what nobody has asked for, of every kind."""
    with contextlib.suppress(ConnectionClosed):
        for message in JUNK[:12]:  # not above max_queue: leaving would wait for close_timeout
            await ws.send(message)
        await says_nothing(ws)


@server
async def answers_nonsense(ws: Any) -> None:
    """Has a wrong answer to each message."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in ws:
            await ws.send('{"id":[1],"result":1,"number":"x","ack":null}')


def refuses(connection: Any, request: Any) -> Any:
    """Answer each handshake with 503."""
    return connection.respond(503, "not now\n")


async def outcome(client: Taught, url: str) -> str:
    """Call a client; say how it ended."""
    called = CLIENTS[client.key]
    names = source.namespace(client, quicker=True, **called.given(url))
    if isinstance(client.node, source.ast.FunctionDef):
        work = asyncio.to_thread(called.call, names, url)
    else:
        work = called.call(names, url)
    try:
        async with asyncio.timeout(LIMIT) as limit:
            await work
    except TimeoutError:
        return "waits for ever" if limit.expired() else "TimeoutError"
    # What the course says may happen: the network, the protocol, a message that is not understood.
    except (OSError, WebSocketException, ValueError) as error:
        return type(error).__name__
    except Exception as error:
        return f"an accident: {error!r}"
    return "returned"


async def verdict(client: Taught, handler: Any, **options: Any) -> list[str]:
    """What is wrong with how a client takes a server."""
    async with bench(handler, options=options) as made:
        ended = await outcome(client, made.url)
        problems = [] if ended != "waits for ever" and "accident" not in ended else [ended]
        return [*problems, *await made.left(), *made.errors(gone_is_fine=True)]


@pytest.mark.parametrize("name", [*SERVERS, "refuses"])
@pytest.mark.parametrize("client", CALLED, ids=str)
def test_client(client: Taught, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A client ends in time, by an exception that its notebook speaks of, and leaves nothing."""
    before = set(threading.enumerate())
    if name == "refuses":
        found = verdict(client, says_nothing, process_request=refuses)
    else:
        found = verdict(client, SERVERS[name])
    problems = asyncio.run(found)
    for thread in set(threading.enumerate()) - before:
        thread.join(LIMIT)
        problems += [f"a thread is left: {thread.name}"] if thread.is_alive() else []
    if problems:
        lines = [f"{client} with a server that {name}:", *dict.fromkeys(problems)]
        pytest.fail("\n".join(lines[:8]), pytrace=False)


@pytest.mark.parametrize("client", CALLED, ids=str)
def test_client_where_nobody_listens(client: Taught, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so by an OSError, or in words."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ended = asyncio.run(outcome(client, f"ws://127.0.0.1:{port}"))
    assert ended in {"ConnectionRefusedError", "returned"}


def test_every_client_is_called() -> None:
    """A client that a notebook gets is added to a table, and one that goes is taken out."""
    assert {client.key for client in FOUND} == {*CLIENTS, *OWN_SERVER}


def taken(key: str, **given: Any) -> Any:
    """A function or class of a notebook, with some of the names that it uses replaced."""
    [taught] = [one for one in source.everything() if one.key == key]
    names = source.namespace(taught)
    names.update(given)
    return names[key.rpartition(" ")[2]]


# --- The caller of 06 ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("no JSON", ["JSONDecodeError", "ConnectionClosedError"]),
        (None, ["ConnectionClosedOK", "ConnectionClosedOK"]),
    ],
)
def test_a_caller_that_hears_nothing_any_more_asks_nothing(
    answer: str | None, raised: list[str]
) -> None:
    """A question that is put after the reader's end raises, and does not wait for its answer."""

    async def handler(ws: Any) -> None:
        with contextlib.suppress(ConnectionClosed):
            await ws.recv()
            if answer:
                await ws.send(answer)
                await ws.wait_closed()

    async def conversation() -> list[str]:
        outcomes = []
        async with bench(handler) as made, asyncio.timeout(LIMIT), connect(made.url) as ws:
            caller = taken("06 Caller")(ws)
            for text in ("one", "two"):
                try:
                    await caller.ask(text, timeout=None)
                except (ConnectionClosed, ValueError) as error:
                    outcomes.append(type(error).__name__)
        return outcomes

    assert asyncio.run(conversation()) == raised


def test_a_caller_that_is_cut_off_while_it_sends_leaves_no_error_behind() -> None:
    """Each question raises once; of its answer, which nobody waits for then, nothing is logged."""

    async def handler(ws: Any) -> None:
        while ws.transport.is_reading():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        ws.transport.abort()

    async def conversation() -> tuple[set[str], list[str]]:
        async with (
            bench(handler, options={"max_queue": 1}) as made,
            asyncio.timeout(LIMIT),
            connect(made.url, compression=None) as ws,
        ):
            caller = taken("06 Caller")(ws)
            asks = [asyncio.create_task(caller.ask("x" * 200_000)) for _ in range(100)]
            outcomes = await asyncio.gather(*asks, return_exceptions=True)
            kinds = {type(outcome).__name__ for outcome in outcomes}
            del asks, outcomes  # they keep what nobody has asked for its error
        gc.collect()
        return kinds, made.errors()

    assert asyncio.run(conversation()) == ({"ConnectionClosedError"}, [])


# --- The client of 08 that lasts ----------------------------------------------------------------


def test_nothing_waits_that_is_sent_while_the_outbox_is_repeated() -> None:
    """What is added then goes out on this connection, too, and once."""
    client = taken("08 LastingClient")(address=None, backoff=None)

    class Connection:
        """Takes messages, and has none."""

        def __init__(self) -> None:
            self.bodies: list[str] = []

        async def send(self, message: str) -> None:
            self.bodies.append(json.loads(message).get("body", "after"))
            if self.bodies[-1] in {"one", "two"}:
                await client.send("meanwhile")

        def __aiter__(self) -> Connection:
            return self

        async def __anext__(self) -> str:
            raise StopAsyncIteration

    async def conversation() -> list[str]:
        for body in ("one", "two"):
            await client.send(body)
        connection = Connection()
        await client.converse(connection)
        return connection.bodies

    assert asyncio.run(conversation()) == ["after", "one", "two", "meanwhile", "meanwhile"]


def test_a_slow_handshake_is_no_stable_connection() -> None:
    """The waits of a client do not begin anew after an attempt that took long and failed."""
    clock = iter(range(0, 1000, 30))
    lasted = []

    class Loop:
        time = staticmethod(lambda: next(clock))

    class Backoff:
        def after(self, seconds: float) -> float:
            lasted.append(seconds)
            return 0

    def connect(url: str) -> Any:
        raise TimeoutError if len(lasted) < 3 else ssl.SSLCertVerificationError

    async def address() -> str:
        return "wss://example.invalid"

    world = types.SimpleNamespace(get_running_loop=Loop, sleep=asyncio.sleep)
    last = taken("08 last", connect=connect, asyncio=world)
    client = types.SimpleNamespace(address=address, backoff=Backoff(), options={})
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(last(client))
    assert lasted == [0, 0, 0]
