"""
Hard clients for a handler that runs under bare ``websockets``: each says what it found wrong.

A case is an ``async`` function: a :class:`Bench` with a running server in, one sentence for each
problem out. None of them waits for a time: what should happen has a limit, what did not is told.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import gc
import json
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect

from taught.bench import GONE, LIMIT, Bench, cut

PATIENCE = 1.5  # seconds for a conversation beside a client that the keepalive below would end
SILENCE = 0.15  # seconds after which a handler is taken to have nothing to say
MANY = 1_000  # entries: what grows beyond that with the messages of one client has no bound
MEBIBYTE = 2**20


def png(width: int, height: int, rows: int | None = None) -> bytes:
    """A picture of black pixels, or its first rows: a small file, whatever it is in memory."""
    row = bytes(1 + (width + 7) // 8)  # one bit a pixel; the first byte says "no filter"
    compress = zlib.compressobj(9)
    data = b"".join(
        [
            *(compress.compress(row) for _ in range(height if rows is None else rows)),
            compress.flush(),
        ]
    )
    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


JUNK: list[str | bytes] = [
    "Hello",
    "",
    b"",
    b"\x00\xff\xfe",
    b'"\xff"',
    "x" * 100_000,
    "[" * 200_000,  # deep enough for Python 3.14, too
    b"[" * 200_000,
    '{"a":' * 100_000,
    "NaN",
    '{"type" : "say", "text" : NaN}',
    "null",
    "1e999",
    "[]",
    "{}",
    '{"type":["say"],"name":5,"text":null,"id":{}}',
    '{"id":[],"text":"x","seconds":"x"}',
    '"\\ud800"',
    "\u2028 𝄞\x00",
    png(30_000, 30_000, rows=1),
]

Case = Callable[[Bench], Awaitable[list[str]]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Add a case, under its function's name."""
    CASES[function.__name__] = function
    return function


async def in_order(ws: ClientConnection) -> None:
    """Take what comes until nothing comes any more, or for a while; then leave with 1000."""
    with contextlib.suppress(*GONE, TimeoutError):
        async with asyncio.timeout(4 * SILENCE):
            while True:
                async with asyncio.timeout(SILENCE):
                    await ws.recv()
    try:
        async with asyncio.timeout(LIMIT):
            await ws.close()
    except (AttributeError, TimeoutError):  # it has more to read than fits into its queue
        cut(ws)


@case
async def leaves(bench: Bench) -> list[str]:
    """Twenty clients come, say something, hear the answer, and leave with 1000."""

    async def visit() -> None:
        ws = await bench.open()
        with contextlib.suppress(*GONE):
            for message in bench.says[:1]:
                await ws.send(message)
        await in_order(ws)

    await asyncio.gather(*[visit() for _ in range(20)])
    return [*await bench.left(), *bench.errors()]


@case
async def vanishes(bench: Bench) -> list[str]:
    """A client closes with 4001, one is cut off, one leaves before it has the answer."""

    async def own_code(ws: ClientConnection) -> None:
        await ws.close(4001, "my own code")

    async def cut_off(ws: ClientConnection) -> None:
        cut(ws)

    async def hurry(ws: ClientConnection) -> None:
        for message in bench.says * 3:
            await ws.send(message)
        await ws.close()

    async def cut_amidst(ws: ClientConnection) -> None:
        for message in bench.says * 3:
            await ws.send(message)
        cut(ws)

    for end in (own_code, cut_off, hurry, cut_amidst):
        ws = await bench.open()
        with contextlib.suppress(*GONE, TimeoutError):
            async with asyncio.timeout(4 * SILENCE):
                await end(ws)
        cut(ws)
    return [*await bench.left(), *bench.errors()]


@case
async def junk(bench: Bench) -> list[str]:
    """Each kind of nonsense ends no handler with an error, as first message or later."""
    problems = []
    for opening in [[], bench.opening] if bench.opening else [[]]:
        for message in JUNK:
            ws = await connect(bench.url, compression=None, ping_interval=None)
            with contextlib.suppress(*GONE, TimeoutError):
                async with asyncio.timeout(3 * SILENCE):
                    for first in opening:
                        await ws.send(first)
                    await ws.send(message)
                    # With the first PONG the library has read it, with the second the handler.
                    for _ in range(2):
                        await asyncio.wait_for(await ws.ping(), SILENCE)
            code = ws.close_code
            replies = await drained(ws)
            if code == 1011:
                problems.append(f"{message!r:.40} ends the connection with 1011")
            problems += [
                f"{message!r:.40} is answered {reply!r:.60}, which is no JSON"
                for reply in replies
                if not_quite_json(reply)
            ]
    return [*problems, *await bench.left(), *bench.errors(gone_is_fine=True)]


async def drained(ws: ClientConnection) -> list[str | bytes]:
    """What has come already; then leave."""
    replies: list[str | bytes] = []
    with contextlib.suppress(*GONE, TimeoutError):
        async with asyncio.timeout(LIMIT):
            while len(replies) < 50:
                async with asyncio.timeout(0.001):
                    replies.append(await ws.recv())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SILENCE):
            await ws.close()
    cut(ws)
    return replies


def not_quite_json(reply: str | bytes) -> bool:
    """Return whether Python takes an object or a list for JSON, and JavaScript does not."""

    def refuse(constant: str) -> None:
        raise LookupError(constant)

    echoed = '"type" : "say"'  # with the sender's own spaces: sent back as it came
    if not isinstance(reply, str) or reply[:1] not in {"{", "["} or echoed in reply:
        return False
    try:
        json.loads(reply, parse_constant=refuse)
    except LookupError:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def grown() -> list[str]:
    """The containers with more than a thousand entries that are new since the last freeze."""
    kinds = (list, dict, set, collections.deque)
    return [
        f"a {type(found).__name__} has {len(found):,} entries"
        for found in gc.get_objects()
        if isinstance(found, kinds) and len(found) > MANY
    ]


async def until_blocked(ws: ClientConnection, messages: list[str | bytes], count: int) -> None:
    """Send messages until there is no more room for them, or so many."""
    with contextlib.suppress(*GONE, TimeoutError):
        for number in range(count):
            async with asyncio.timeout(SILENCE):
                await ws.send(messages[number % len(messages)])


@case
async def floods(bench: Bench) -> list[str]:
    """A client sends thousands of messages and reads all answers: tasks and memory are bounded."""
    ws = await bench.open()

    async def read() -> None:
        with contextlib.suppress(*GONE):
            async for _ in ws:
                pass

    reader = asyncio.create_task(read())
    problems = await pressed(bench, ws, bench.says or ["x"])
    cut(ws)
    await reader
    return [*problems, *await bench.left(), *bench.errors(gone_is_fine=True)]


@case
async def does_not_read(bench: Bench) -> list[str]:
    """A client sends thousands of messages and reads nothing: no buffer grows without end."""
    ws = await bench.open()
    ws.transport.pause_reading()
    problems = await pressed(bench, ws, bench.says or ["x"])
    cut(ws)
    return [*problems, *await bench.left(), *bench.errors(gone_is_fine=True)]


async def pressed(bench: Bench, ws: ClientConnection, messages: list[str | bytes]) -> list[str]:
    gc.collect()
    gc.freeze()
    try:
        await until_blocked(ws, messages, 3_000)
        await asyncio.wait({asyncio.ensure_future(ws.wait_closed())}, timeout=SILENCE)
        tasks = len(bench.tasks())
        problems = [f"{tasks} tasks for one client"] if tasks > 60 else []
        for connection in bench.server.connections:
            waiting = connection.transport.get_write_buffer_size()
            if waiting > 4 * MEBIBYTE:
                problems.append(f"{waiting:,} bytes wait for a client that does not read")
        return problems + grown()
    finally:
        gc.unfreeze()


@case
async def stalls(bench: Bench) -> list[str]:
    """A client that reads nothing holds up no other one, and the server keeps little for it."""
    if not await converses(bench):
        return []  # this handler does not answer anybody
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, _, port = bench.url.removeprefix("ws://").partition("/")[0].partition(":")
    small.setblocking(False)
    await asyncio.get_running_loop().sock_connect(small, (host, int(port)))
    stalled = await bench.open(sock=small)
    for message in bench.says[:1]:
        with contextlib.suppress(*GONE):
            await stalled.send(message)
    stalled.transport.pause_reading()
    problems = [] if await converses(bench) else ["a client waits for another that does not read"]
    for connection in bench.server.connections:
        waiting = connection.transport.get_write_buffer_size()
        if waiting > 4 * MEBIBYTE:
            problems.append(f"{waiting:,} bytes wait for a client that does not read")
    cut(stalled)
    return [*problems, *await bench.left(), *bench.errors(gone_is_fine=True)]


async def converses(bench: Bench) -> bool:
    """Return whether a client that sends much gets through, or is told to go."""
    ws = await bench.open()

    async def read() -> None:
        with contextlib.suppress(*GONE):
            async for _ in ws:
                pass

    reader = asyncio.create_task(read())
    large = [padded(message) for message in bench.says or ["x" * 100_000]]
    try:
        async with asyncio.timeout(PATIENCE):
            for number in range(120):
                await ws.send(large[number % len(large)])
            await (await ws.ping())
    except TimeoutError:
        return False
    except GONE:
        pass
    finally:
        cut(ws)
        await reader
    return True


def padded(message: str | bytes) -> str | bytes:
    """A message that means the same and is as large as many: JSON with spaces, a longer text."""
    if isinstance(message, bytes):
        return message
    return message + " " * 100_000


@case
async def thirty(bench: Bench) -> list[str]:
    """Thirty clients at once, each with something to say; one in three is cut off."""

    async def visit(number: int) -> None:
        ws = await bench.open()
        with contextlib.suppress(*GONE):
            for message in bench.says:
                await ws.send(message)
        if number % 3:
            await in_order(ws)
        else:
            cut(ws)

    async with asyncio.timeout(2 * LIMIT):
        await asyncio.gather(*[visit(number) for number in range(30)])
    return [*await bench.left(), *bench.errors(gone_is_fine=True)]


@case
async def stops(bench: Bench) -> list[str]:
    """The server is closed while clients are there: each is told so, and the end comes in time."""
    clients = [await bench.open() for _ in range(3)]
    readers = [asyncio.create_task(read_all(ws)) for ws in clients]
    for ws in clients:
        with contextlib.suppress(*GONE, TimeoutError):
            async with asyncio.timeout(SILENCE):
                await (await ws.ping())
    bench.server.close()
    problems = []
    try:
        async with asyncio.timeout(LIMIT):
            await bench.server.wait_closed()
    except TimeoutError:
        problems.append("the server does not end: a handler waits for something that never comes")
    for ws in clients:
        cut(ws)
    await asyncio.gather(*readers)
    return [*problems, *bench.errors(gone_is_fine=True)]


async def read_all(ws: ClientConnection) -> None:
    with contextlib.suppress(*GONE):
        async for _ in ws:
            pass
