"""Exercises of 09 · Performance and scale."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.server import serve
from wslab.talk import talk
from wslab.wire import Frame

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import (
    CLIENT_TIMEOUT,
    HELD_UP,
    REPLY_TIMEOUT,
    Client,
    Server,
    answering,
    call,
    during,
    run_client,
    same,
    show,
    small_socket,
)

__all__ = ["EXERCISES"]


# ---- 9.1 ----

_LENGTHS: Final = (5, 0, 125, 126, 300, 65_535, 65_536, 100_000)


async def _echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


def _probe_frame_size(answer: Any) -> None:
    with serve(_echo, name=f"check {id(answer)}") as server:
        talk(server.url, *(bytes(length) for length in _LENGTHS))
        frames = [frame for frame in server.transcript if isinstance(frame, Frame)]
    for masked, sender in ((False, "server"), (True, "client")):
        sent = [frame for frame in frames if (frame.sender, frame.kind) == (sender, "binary")]
        for length, frame in zip(_LENGTHS, sent, strict=True):
            got = call(answer, length, masked, timeout=CLIENT_TIMEOUT)
            if type(got) is not int or got != frame.size:
                rule = "each frame of the client is masked: four bytes more"
                if not masked:
                    rule = (
                        "a header is 2 bytes, and the length takes more where 7 bits cannot hold it"
                    )
                raise Finding(
                    f"a frame of {'the client' if masked else 'the server'} with "
                    f"{length:,} bytes of payload had another size on the wire; {rule}",
                    sent=f"{length}, {masked}",
                    expected=f"{frame.size}",
                    got=show(got),
                )


_FRAME_SIZE = Exercise(
    id="9.1",
    title="The size of a frame",
    task=(
        "Write `frame_size(length, masked)`. It returns how many bytes a frame with `length` bytes "
        "of payload takes on the wire, header included. `masked` says whether it comes from a "
        "client. The check sends real frames and counts."
    ),
    name="frame_size",
    starter="""
def frame_size(length, masked):
    # your code
    ...
""",
    hints=(
        "The table under *What a message costs* has all the headers that there are.",
        "2 bytes always; 2 more from 126 bytes of payload on, or 8 more where 2 bytes cannot hold "
        "the length; 4 more with a masking key.",
        "The largest number in 2 bytes is 65,535. So: `extra = 0 if length <= 125 else …`, and the "
        "sum of 2, `extra`, the 4 of the key if `masked`, and `length` itself.",
    ),
    solution="""
def frame_size(length, masked):
    if length <= 125:
        extended = 0
    elif length <= 65_535:
        extended = 2
    else:
        extended = 8
    key = 4 if masked else 0
    return 2 + extended + key + length
""",
    explanation=(
        "The second byte has 7 bits for the length. 126 and 127 in it are no lengths, they say "
        "that 2 or 8 bytes follow (RFC 6455 §5.2). So 125 is the largest payload with the shortest "
        "header, and also the most that a control frame may have."
    ),
    alternatives=(
        """
def frame_size(length, masked):
    return length + 2 + 2 * (length > 125) + 6 * (length >= 2**16) + 4 * bool(masked)
""",
        """
from websockets.frames import Frame, Opcode

def frame_size(length, masked):
    return len(Frame(Opcode.BINARY, bytes(length)).serialize(mask=masked))
""",
    ),
    wrong=(
        WrongAnswer(
            "def frame_size(length, masked):\n    return length + (6 if masked else 2)",
            "a frame of the server with 126 bytes",
        ),
        WrongAnswer(
            """
def frame_size(length, masked):
    return length + 2 + (0 if length < 125 else 2 if length < 65536 else 8) + 4 * masked
""",
            "a frame of the server with 125 bytes",
        ),
        WrongAnswer(
            """
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65535 else 8) + 4 * masked
""",
            "a frame of the server with 65,535 bytes",
        ),
        WrongAnswer(
            """
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 8)
""",
            "a frame of the client with 5 bytes",
        ),
        WrongAnswer(
            "def frame_size(length, masked):\n    print(length + 2)",
            "a frame of the server with 5 bytes",
        ),
        WrongAnswer("def frame_size(length):\n    return length + 2", "it must take 2 argument(s)"),
    ),
    probe=_probe_frame_size,
    minutes=5,
    difficulty=1,
    needs="What a message costs",
)


# ---- 9.2 ----

_BATCH: Final = 50


def _probe_batches(answer: Any) -> None:
    for count in (120, 50, 1, 0, 101):
        readings = [{"sensor": 7, "value": number / 10} for number in range(count)]
        with during(f"with {count} readings"):
            _probe_batch(answer, readings)


def _probe_batch(answer: Any, readings: list[dict[str, float]]) -> None:
    messages: list[str | bytes] = []

    async def collect(ws: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in ws:
                messages.append(message)
                if len(messages) > 1000:
                    return

    _, server = run_client(answer, collect, list(readings))

    def finding(problem: str, expected: str, got: str) -> Finding:
        records = server.transcript.snapshot()[-12:]
        return Finding(problem, expected=expected, got=got, records=records)

    batches = []
    for message in messages:
        try:
            batch = json.loads(message) if isinstance(message, str) else None
        except (ValueError, RecursionError):
            batch = None
        if not isinstance(batch, list):
            raise finding(
                "each message should be a JSON array, as text", "[{…}, {…}, …]", show(message)
            )
        batches.append(batch)
    sizes = [len(batch) for batch in batches]
    got = f"messages with {', '.join(map(str, sizes[:12])) or 'nothing'}"
    if max(sizes, default=0) > _BATCH:
        raise finding("a message has too many readings", f"{_BATCH} at most", got)
    if 0 in sizes:
        raise finding("a message without readings says nothing", "no such message", got)
    if [reading for batch in batches for reading in batch] != readings:
        problem = "all readings should arrive, unchanged, in order, and once"
        raise finding(problem, f"{len(readings)} readings", got)
    fewest = -(-len(readings) // _BATCH)
    if len(batches) > fewest:
        raise finding("that are more messages than needed", f"{fewest}", f"{len(batches)}")


_BATCHES = Exercise(
    id="9.2",
    title="Fewer, larger messages",
    task=(
        "Write a client `send_readings(url, readings)`. It sends a list of readings (each a "
        "`dict`) in as few messages as possible, in order. Each message is a JSON array of at most "
        "50 readings, as text; for an empty list nothing is sent. It may be `async` if you like."
    ),
    name="send_readings",
    starter="""
import json

from websockets.sync.client import connect as connect_sync


def send_readings(url, readings):
    with connect_sync(url) as ws:
        ...
""",
    hints=(
        "Fifty at a time: which part of the list goes into the first message, which into the "
        "second?",
        "`readings[0:50]`, `readings[50:100]` and so on. A slice may reach beyond the end.",
        "`range(0, len(readings), 50)` gives the beginning of each slice.",
    ),
    solution="""
import json

from websockets.sync.client import connect as connect_sync


def send_readings(url, readings):
    with connect_sync(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps(readings[start : start + 50]))
""",
    explanation=(
        "One header, one system call, one turn of the event loop and one call of the JSON encoder "
        "for 50 readings. The limit keeps messages below the receiver's `max_size`, and a reading "
        "does not wait for long. If readings come over time, send when 50 are there or when the "
        "oldest has waited long enough, whichever is first."
    ),
    alternatives=(
        """
import json
from websockets.asyncio.client import connect

async def send_readings(url, readings):
    waiting = list(readings)
    async with connect(url) as ws:
        while waiting:
            batch, waiting = waiting[:50], waiting[50:]
            await ws.send(json.dumps(batch, separators=(",", ":")))
""",
        """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    batch = []
    with connect(url) as ws:
        for reading in readings:
            batch.append(reading)
            if len(batch) == 50:
                ws.send(json.dumps(batch))
                batch.clear()
        if batch:
            ws.send(json.dumps(batch))
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        for reading in readings:
            ws.send(json.dumps([reading]))
""",
            "that are more messages than needed",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        ws.send(json.dumps(readings))
""",
            "a message has too many readings",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) // 50 * 50, 50):
            ws.send(json.dumps(readings[start : start + 50]))
""",
            "with 120 readings: all readings should arrive",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) + 1, 50):
            ws.send(json.dumps(readings[start : start + 50]))
""",
            "with 50 readings: a message without readings",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps(readings[start : start + 50]).encode())
""",
            "each message should be a JSON array, as text",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send([json.dumps(r) for r in readings[start : start + 50]])
""",
            "with 120 readings: each message should be a JSON array",
        ),
        WrongAnswer("def send_readings(url, readings):\n    pass", "all readings should arrive"),
    ),
    probe=_probe_batches,
    minutes=10,
    difficulty=2,
    needs="What a message costs",
)


# ---- 9.3 ----

_LIMIT: Final = 1000


def _probe_squeeze(answer: Any) -> None:
    def expect(client: Client, text: str, problem: str = "") -> None:
        data = text.encode()
        if len(data) < _LIMIT:
            client.expect_text(text, problem or "a short message should come back as it was")
            return
        wanted = f"a binary message, zlib-compressed: {len(data):,} bytes in all"
        got = client.receive(wanted, "a long message should come back")
        if isinstance(got, str):
            long = f"from {_LIMIT:,} bytes on, a message should come back compressed"
            raise client.finding(problem or long, wanted, show(got))
        inflater = zlib.decompressobj()
        try:
            inflated = inflater.decompress(got, len(data) + 1)
        except zlib.error as exc:
            what = "the binary message is not what zlib.compress() makes"
            raise client.finding(problem or what, wanted, str(exc)) from None
        if inflated != data or not inflater.eof:
            what = "decompressed, the message should be what was sent, in UTF-8"
            raise client.finding(problem or what, wanted, show(inflated))
        if len(got) >= len(data):
            raise client.finding("that is not smaller", wanted, f"{len(got):,} bytes")

    long = "It is a long story, and I tell it twice. " * 100
    texts = ["hello", long, "", "x" * 999, "x" * 1000, "ü" * 499, "ü" * 500, "世" * 400, "bye"]
    with answering(answer) as server:
        with server.clients(2) as clients:
            for client in clients:
                for text in texts:
                    client.send(text)
                    expect(client, text)
            with during("several messages at once"):
                for text in texts:
                    clients[0].send(text)
                for text in texts:
                    expect(clients[0], text)
        server.serve_crowd(long, lambda client, problem: expect(client, long, problem))


_SQUEEZE = Exercise(
    id="9.3",
    title="Compress what is worth it",
    task=(
        "Write an echo `squeeze(ws)` for text messages. A message of less than 1,000 bytes comes "
        "back as it was. From 1,000 bytes on (of UTF-8, not characters) it comes back as a binary "
        "message: its UTF-8, compressed by `zlib.compress()`."
    ),
    name="squeeze",
    starter="""
import zlib


async def squeeze(ws):
    async for message in ws:
        ...
""",
    hints=(
        "What is received is a `str`. How many bytes is it?",
        "`data = message.encode()` are the bytes, `len(data)` their number. `zlib.compress()` "
        "takes and returns bytes.",
        "`send()` with bytes makes a binary message, with a `str` a text message. So one branch "
        "sends `zlib.compress(data)`, the other one `message`.",
    ),
    solution="""
import zlib


async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else zlib.compress(data))
""",
    explanation=(
        "`permessage-deflate` compresses every message of `websockets`, the short ones too, and "
        "holds memory for each connection. Here each long message is compressed alone: no memory "
        "between messages, no work for short ones, and the opcode tells the receiver which it is. "
        "A browser undoes it with `new DecompressionStream('deflate')`. `zlib.compress()` blocks "
        "the loop: for messages of megabytes, `await asyncio.to_thread(zlib.compress, data)`."
    ),
    alternatives=(
        """
import asyncio
import zlib

async def squeeze(ws):
    async for message in ws:
        if len(message.encode("utf-8")) >= 1000:
            message = await asyncio.to_thread(zlib.compress, message.encode("utf-8"), 9)
        await ws.send(message)
""",
        """
import zlib
from websockets.exceptions import ConnectionClosed

async def squeeze(ws):
    try:
        while True:
            data = await ws.recv(decode=False)
            if len(data) > 999:
                await ws.send(zlib.compress(data), text=False)
            else:
                await ws.send(data, text=True)
    except ConnectionClosed:
        return
""",
    ),
    wrong=(
        WrongAnswer(
            """
import zlib

async def squeeze(ws):
    async for message in ws:
        await ws.send(zlib.compress(message.encode()))
""",
            "a binary message came where text is due",
        ),
        WrongAnswer(
            """
async def squeeze(ws):
    async for message in ws:
        await ws.send(message)
""",
            "from 1,000 bytes on, a message should come back compressed",
        ),
        WrongAnswer(
            """
import zlib

async def squeeze(ws):
    async for message in ws:
        await ws.send(message if len(message) < 1000 else zlib.compress(message.encode()))
""",
            "from 1,000 bytes on",
        ),
        WrongAnswer(
            """
import gzip

async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else gzip.compress(data))
""",
            "is not what zlib.compress() makes",
        ),
        WrongAnswer(
            """
import zlib

async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else zlib.compress(data[:1000]))
""",
            "decompressed, the message should be what was sent",
        ),
        WrongAnswer(
            """
import zlib

async def squeeze(ws):
    message = await ws.recv()
    data = message.encode()
    await ws.send(message if len(data) < 1000 else zlib.compress(data))
""",
            "a long message should come back: the connection was closed",
        ),
        WrongAnswer(
            """
import zlib

async def squeeze(ws):
    async for message in ws:
        try:
            await ws.send(zlib.compress(message) if len(message) >= 1000 else message)
        except TypeError:
            pass
""",
            "a long message should come back: no message came",
        ),
    ),
    probe=_probe_squeeze,
    minutes=10,
    difficulty=2,
    needs="Compression: smaller for time and memory",
)


# ---- 9.4 ----


class _Bus:
    """A bus like the lesson's; it may be used from the loops of several threads."""

    def __init__(self) -> None:
        self.published: list[tuple[Any, Any]] = []
        self._changed = threading.Condition()
        self._queues: defaultdict[
            Any, set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Any]]]
        ] = defaultdict(set)

    async def publish(self, room: Any, message: Any) -> None:
        self.deliver(room, message)
        with self._changed:
            self.published.append((room, message))

    def deliver(self, room: Any, message: Any) -> None:
        """Give a message to all subscribers, as if another process had published it."""
        with self._changed:
            queues = list(self._queues[room])
        for loop, queue in queues:
            with contextlib.suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(queue.put_nowait, message)

    @contextlib.asynccontextmanager
    async def subscribe(self, room: Any) -> AsyncIterator[AsyncIterator[Any]]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        entry = asyncio.get_running_loop(), queue
        with self._changed:
            self._queues[room].add(entry)
        try:
            yield self._iterate(queue)
        finally:
            with self._changed:
                self._queues[room].discard(entry)
                self._changed.notify_all()

    async def _iterate(self, queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
        while True:
            yield await queue.get()

    def wait_until_left(self) -> bool:
        """Wait until nobody is subscribed to anything; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(self._queues.values()), REPLY_TIMEOUT)


def _probe_relay(answer: Any) -> None:
    bus = _Bus()
    said = "each message should come to all clients of its room, on all servers"
    with contextlib.ExitStack() as stack:
        servers: list[Server] = []
        for _ in range(2):
            handler = call(answer, bus, timeout=CLIENT_TIMEOUT)
            servers.append(stack.enter_context(answering(handler)))

        def join(server: Server, room: str) -> Client:
            client = stack.enter_context(server.client(path=room))
            client.expect_text("joined", "a client should be told once it has joined its room")
            return client

        def say(speaker: Client, message: str, listeners: list[Client]) -> None:
            speaker.send(message)
            for listener in listeners:
                listener.expect_text(message, said)

        ada, lin, grace = (join(servers[number], "/tea") for number in (0, 0, 1))
        tea = [ada, lin, grace]
        joan = join(servers[1], "/coffee")
        for speaker, message in [(ada, "hello"), (grace, "Grüße"), (lin, ""), (ada, "and?")]:
            say(speaker, message, tea)
        with during("in a second room"):
            say(joan, "anybody here?", [joan])
        with during("after a message in another room"):
            say(grace, "more tea?", tea)
        with during("three messages at once"):
            for message in ("one", "two", "three"):
                ada.send(message)
            for message in ("one", "two", "three"):
                for listener in tea:
                    listener.expect_text(message, said)
        if sum(message == "and?" for _, message in bus.published) != 1:
            raise ada.finding(
                "each message should be published on the bus, once",
                "one call of bus.publish() for one message",
                f"{sum(message == 'and?' for _, message in bus.published)} calls",
            )
        with during("when a third server publishes in the room"):
            room = next(room for room, message in bus.published if message == "hello")
            bus.deliver(room, "from elsewhere")
            for listener in tea:
                listener.expect_text("from elsewhere", said)
        with during("after a client has vanished"):
            lin.vanish()
            tea.remove(lin)
            say(grace, "who was that?", tea)
        for client in (ada, lin, grace, joan):
            client.ws.close()
        for server in servers:
            server.expect_handlers_to_end("a handler should end when its client has left")
        if not bus.wait_until_left():
            raise Finding(
                "all clients have left, and a server is still subscribed to a room",
                expected="no subscription without a client",
            )


_RELAY = Exercise(
    id="9.4",
    title="One room, many servers",
    task=(
        "Write `relay(bus)`. It is called once for each server, and returns the handler of that "
        "server. The bus is like those of the lesson: `await bus.publish(room, message)` and "
        "`async with bus.subscribe(room) as messages:`. The room is the path, such as `/tea`. "
        "Once subscribed, a client gets `joined`. Each message of a client goes to all clients of "
        "its room on all servers, itself included, once and in order. When all clients of a room "
        "have left, no server is subscribed to it."
    ),
    name="relay",
    starter="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path
        ...

    return handler
""",
    hints=(
        "The simplest way: each connection has a subscription of its own. Then the handler does "
        "two things at once: it sends what comes over the bus, and publishes what comes from the "
        "client.",
        "Inside `async with bus.subscribe(room) as messages:`, send `joined`, then start a task "
        "that loops over `messages`. The handler itself loops over `ws`.",
        "`async with asyncio.TaskGroup() as tasks:` holds the task; after the loop over `ws`, "
        "`task.cancel()`. Do not send to `ws` what it has said: that comes over the bus.",
    ),
    solution="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await bus.publish(room, message)
            forwarding.cancel()

    return handler
""",
    explanation=(
        "Everything that is said takes the way over the bus, also to the clients of the same "
        "server. So all see the same order, nothing comes twice, and a client cannot tell on which "
        "server the others are. A subscription for each connection is simple, but Redis then sends "
        "each message once for each *client*; `chat_server()` subscribes once for each server and "
        "broadcasts. With many clients in a room that is the difference between one delivery and "
        "a thousand."
    ),
    alternatives=(
        """
import asyncio
from websockets.asyncio.server import broadcast

def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people and rooms.get(room, (None,))[0] is people:
                del rooms[room]
                task.cancel()

    return handler
""",
        """
import asyncio
import contextlib

class Relay:
    def __init__(self, bus):
        self.bus = bus

    async def __call__(self, ws):
        async with self.bus.subscribe(ws.request.path) as messages:
            await ws.send("joined")
            task = asyncio.create_task(self.forward(ws, messages))
            try:
                async for message in ws:
                    await self.bus.publish(ws.request.path, message)
            finally:
                task.cancel()

    async def forward(self, ws, messages):
        async for message in messages:
            await ws.send(message)

relay = Relay
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

def relay(bus):
    rooms = {}

    async def handler(ws):
        people = rooms.setdefault(ws.request.path, set())
        people.add(ws)
        await ws.send("joined")
        try:
            async for message in ws:
                broadcast(people, message)
        finally:
            people.discard(ws)

    return handler
""",
            "all clients of its room, on all servers: no message came",
        ),
        WrongAnswer(
            """
import asyncio

def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await ws.send(message)
                await bus.publish(room, message)
            forwarding.cancel()

    return handler
""",
            "each message should come to all clients of its room",
        ),
        WrongAnswer(
            """
import asyncio

def relay(bus):
    async def handler(ws):
        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe("room") as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await bus.publish("room", message)
            forwarding.cancel()

    return handler
""",
            "in a second room: each message",
        ),
        WrongAnswer(
            """
import asyncio

def relay(bus):
    async def handler(ws):
        room = ws.request.path
        await ws.send("joined")
        async for message in ws:
            async with bus.subscribe(room) as messages:
                await bus.publish(room, message)
                await ws.send(await anext(messages))

    return handler
""",
            "on all servers: no message came",
        ),
        WrongAnswer(
            """
import asyncio

def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward():
            async with bus.subscribe(room) as messages:
                await ws.send("joined")
                async for message in messages:
                    await ws.send(message)

        asyncio.create_task(forward())
        async for message in ws:
            await bus.publish(room, message)

    return handler
""",
            "a server is still subscribed to a room",
        ),
        WrongAnswer(
            """
import asyncio

def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async for message in messages:
                await ws.send(message)
            async for message in ws:
                await bus.publish(room, message)

    return handler
""",
            "each message should come to all clients of its room, on all servers: no message",
        ),
        WrongAnswer(
            """
def relay(bus):
    async def handler(ws):
        async with bus.subscribe(ws.request.path) as messages:
            async for message in messages:
                await ws.send(message)

    return handler
""",
            "a client should be told once it has joined its room",
        ),
        WrongAnswer(
            """
import asyncio
from websockets.asyncio.server import broadcast

everybody = {}
loops = {}

def relay(bus):
    async def handler(ws):
        people = everybody.setdefault(ws.request.path, set())
        people.add(ws)
        loops[ws] = asyncio.get_running_loop()
        await ws.send("joined")
        try:
            async for message in ws:
                for other in list(people):
                    loops[other].call_soon_threadsafe(broadcast, [other], message)
        finally:
            people.discard(ws)

    return handler
""",
            "each message should be published on the bus, once",
        ),
        WrongAnswer("def relay(bus):\n    return None", "handler"),
    ),
    probe=_probe_relay,
    minutes=20,
    difficulty=3,
    needs="The same over Redis",
)


# ---- 9.5 ----

_UPDATES: Final = 900
_MANY: Final = 300
_SYMBOLS: Final = ("ABC", "DEF", "GHI")


class _Feed:
    """Updates that the probe sends into the learner's handler, from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[str, int] | None] = asyncio.Queue()
        self.taken = threading.Event()

    def put(self, *updates: tuple[str, int] | None) -> None:
        """Send updates; None ends them."""

        def put_all() -> None:
            for update in updates:
                self._queue.put_nowait(update)

        with contextlib.suppress(RuntimeError):  # the learner's handler has closed the loop
            self._loop.call_soon_threadsafe(put_all)

    async def updates(self) -> AsyncIterator[tuple[str, int]]:
        while (update := await self._queue.get()) is not None:
            yield update
            await asyncio.sleep(0)  # the other tasks get their turn
        self.taken.set()


def _probe_quotes(answer: Any) -> None:
    if not callable(answer):
        raise Finding(f"a function is expected, not {show(answer)}")
    feeds: list[_Feed] = []
    started = threading.Semaphore(0)

    async def handler(ws: ServerConnection) -> None:
        feed = _Feed()
        feeds.append(feed)
        started.release()
        await answer(ws, feed.updates())

    def feed_of(client: Client) -> _Feed:
        if not started.acquire(timeout=REPLY_TIMEOUT):
            raise client.finding("the handler did not begin", "a handler for each client")
        return feeds[-1]

    def receive(client: Client, problem: str) -> tuple[Any, Any]:
        got = client.receive_json("JSON text with symbol and price", problem)
        if not isinstance(got, dict) or got.keys() != {"symbol", "price"}:
            keys = "a message should be an object with `symbol` and `price`"
            raise client.finding(keys, '{"symbol": …, "price": …}', show(got))
        return got["symbol"], got["price"]

    with answering(handler) as server, server.client() as quick:
        feed = feed_of(quick)
        problem = "a client that reads at once should get each update at once"
        for number, symbol in enumerate(_SYMBOLS * 3):
            feed.put((symbol, number))
            got = receive(quick, problem)
            if not same(got, (symbol, number)):
                raise quick.finding(problem, show((symbol, number)), show(got))
        feed.put(("ABC", 99), None)
        with during("the last update"):
            if not same(got := receive(quick, problem), ("ABC", 99)):
                raise quick.finding(problem, show(("ABC", 99)), show(got))
        quick.expect_close(1000, "when the updates end, the handler should return")
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(small_socket())
        server = stack.enter_context(answering(handler, sock=sock, write_limit=4096))
        slow = stack.enter_context(server.deaf_client())
        _probe_slow_client(server, slow, feed_of(slow), receive)


def _probe_slow_client(server: Server, slow: Client, feed: _Feed, receive: Any) -> None:
    # Long names fill what lies between the two sides soon.
    names = {symbol: symbol + "." * 4000 for symbol in _SYMBOLS}
    updates = [(names[_SYMBOLS[number % 3]], number) for number in range(_UPDATES)]
    feed.put(*updates, None)
    if not feed.taken.wait(2 * REPLY_TIMEOUT):
        raise Finding(
            HELD_UP
            if server.is_held_up()
            else "while a client does not read, nobody takes the updates: they pile up elsewhere",
            expected="the loop over the updates goes on, whatever the client does",
        )
    got: list[tuple[Any, Any]] = []
    while not got or len(set(dict(got).values()) & {price for _, price in updates[-3:]}) < 3:
        got.append(receive(slow, "a slow client should get the last price of each symbol"))
        if len(got) > _MANY:
            raise slow.finding(
                "a slow client should not get all the old prices that it missed",
                f"less than {_MANY} messages for {_UPDATES} updates",
                f"more than {_MANY}",
            )
    known = set(updates)
    for symbol in names.values():
        prices = [price for name, price in got if name == symbol]
        if prices != sorted(prices) or not known.issuperset(got):
            problem = "prices of one symbol should come in order, as they were in the updates"
            raise slow.finding(problem, "a newer price each time", show(prices))
    slow.expect_close(1000, "when everything is sent, the handler should return")


_QUOTES = Exercise(
    id="9.5",
    title="Only the newest",
    task=(
        "Write `quotes(ws, updates)`. `updates` is an asynchronous iterator of pairs "
        "`(symbol, price)`. Send each as JSON text: "
        '`{"symbol": …, "price": …}`. Always go on taking updates, also while the client does not '
        "read. What it could not get meanwhile is replaced by newer ones: of each symbol, it gets "
        "the newest price only. When the updates end, send what is left, then return."
    ),
    name="quotes",
    starter="""
import asyncio
import json


async def quotes(ws, updates):
    latest = {}  # symbol -> price that is still to be sent
    async for symbol, price in updates:
        ...
""",
    hints=(
        "`await ws.send()` waits while the client does not read. So the loop over the updates must "
        "not send: a task of its own does. The two share `latest`.",
        "The task takes one entry out of `latest`, sends it, takes the next. When `latest` is "
        "empty it waits for an `asyncio.Event`, which the loop sets after each update.",
        "Take an entry out *before* you send it: `symbol, price = latest.popitem()`. A newer price "
        "that comes during `send()` is then a new entry. After the loop a flag says that no more "
        "will come; set the event once more, so that the task sees it.",
    ),
    solution="""
import asyncio
import json


async def quotes(ws, updates):
    latest = {}  # symbol -> price that is still to be sent
    changed = asyncio.Event()
    ended = False

    async def send():
        while latest or not ended:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))  # the one that has waited longest
                price = latest.pop(symbol)
                await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        ended = True
        changed.set()
""",
    explanation=(
        "This is *conflation*. The memory for a slow client is bounded by the number of symbols, "
        "not by how slow it is, and what it gets is never older than one `send()`. It fits "
        "whatever a newer message replaces: prices, positions, progress. It does not fit a chat, "
        "where each message counts."
    ),
    alternatives=(
        """
import asyncio
import json

async def quotes(ws, updates):
    latest = {}
    waiting = asyncio.Queue()  # symbols that have a price to be sent, each once

    async def send():
        while (symbol := await waiting.get()) is not None:
            await ws.send(json.dumps({"symbol": symbol, "price": latest.pop(symbol)}))

    sender = asyncio.create_task(send())
    try:
        async for symbol, price in updates:
            if symbol not in latest:
                waiting.put_nowait(symbol)
            latest[symbol] = price
        waiting.put_nowait(None)
        await sender
    finally:
        sender.cancel()
""",
        """
import asyncio
import json

async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(json.dumps(dict(price=price, symbol=symbol), separators=(",", ":")))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json

async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps({"symbol": symbol, "price": price}))
""",
            "while a client does not read, nobody takes the updates",
        ),
        WrongAnswer(
            """
import asyncio
import json

async def quotes(ws, updates):
    queue = asyncio.Queue()

    async def send():
        while (update := await queue.get()) is not None:
            symbol, price = update
            await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for update in updates:
            queue.put_nowait(update)
        queue.put_nowait(None)
""",
            "should not get all the old prices that it missed",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.server import broadcast

async def quotes(ws, updates):
    async for symbol, price in updates:
        broadcast([ws], json.dumps({"symbol": symbol, "price": price}))
""",
            "should not get all the old prices",
        ),
        WrongAnswer(
            """
import asyncio
import json

async def quotes(ws, updates):
    queue = asyncio.Queue(1)

    async def send():
        while (update := await queue.get()) is not None:
            symbol, price = update
            await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for update in updates:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(update)
        await queue.put(None)
""",
            "a slow client should get the last price of each symbol",
        ),
        WrongAnswer(
            """
import json

async def quotes(ws, updates):
    latest = {}
    async for symbol, price in updates:
        latest[symbol] = price
    for symbol, price in latest.items():
        await ws.send(json.dumps({"symbol": symbol, "price": price}))
""",
            "a client that reads at once should get each update at once",
        ),
        WrongAnswer(
            """
import json

async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps([symbol, price]))
""",
            "an object with `symbol` and `price`",
        ),
        WrongAnswer(
            """
import json

async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps({"symbol": symbol, "price": price}))
    await ws.wait_closed()
""",
            "when the updates end, the handler should return",
        ),
    ),
    probe=_probe_quotes,
    minutes=25,
    difficulty=3,
    needs="Backplanes and services",
)


EXERCISES = (_FRAME_SIZE, _BATCHES, _SQUEEZE, _RELAY, _QUOTES)
