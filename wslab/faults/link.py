"""The network between clients and a server: latency, jitter, bandwidth, cuts and partitions."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import random
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Final, Literal, Self, TypeAlias

from wslab._loop import LoopThread
from wslab.relay import Ending, parse_address, reset_when_closed
from wslab.service import NotRunningError
from wslab.wire import Decoder, Frame, Handshake, Sender

__all__ = ["Cut", "Link"]

TIMEOUT: Final = 5.0
WINDOW: Final = 2**16  # how many bytes may be on their way before a link stops reading
PACKET: Final = 1460  # how many arrive at once where the bandwidth is limited
Item: TypeAlias = bytes | Literal["FIN", "RST", "partition", "end"]  # "end" is FIN of one side


@dataclasses.dataclass(frozen=True)
class Cut:
    """
    Where and how a :class:`Link` cuts a connection.

    Of the sender's bytes, those before the cut get through and no other; of the other side's, those
    on their way may be lost.

    Attributes:
        messages: Cut after so many messages (control frames are none), or with 0 after the
            handshake. ``None`` is before the handshake.
        more_bytes: Cut so many bytes later, for instance inside a frame.
        sender: Whose messages and bytes are counted.
        how: ``"FIN"`` and ``"RST"`` end the TCP connections of both sides; ``"partition"`` does
            what :meth:`Link.partition` does. Where RST arrives, systems other than Linux may
            throw away what was not read yet.
    """

    messages: int | None = None
    more_bytes: int = 0
    sender: Sender = "server"
    how: Literal["FIN", "RST", "partition"] = "FIN"


class Link:
    """
    The network between clients and a server: a TCP proxy on 127.0.0.1, on a thread of its own.

    A context manager, for ``with`` and ``async with``. Without options it passes on every byte, FIN
    and RST, and backpressure. ``latency``, ``jitter`` and ``bandwidth`` are attributes too,
    and may be changed at any time.

    Client: no close frame received or sent, after a cut (RFC 6455 §7.1.5: code 1006); 1011
    keepalive ping timeout, in a partition.

    Unrealistic: connecting takes no time and always succeeds; without a server, the handshake ends
    by RST. Packets are never lost, so none is sent again, late. A partition lasts until
    :meth:`heal`; of what is sent meanwhile, buffers take the first few MiB.

    Args:
        url: Address of the server, or of another link.
        latency: Seconds that everything takes in each direction.
        jitter: Seconds that a frame takes longer at most; frames stay in order.
        seed: For the jitter: which frame of which connection takes how long depends on nothing
            else.
        bandwidth: Bytes per second in each direction, of all connections together.
        cut: Where to cut each connection. Or a list, for one connection after another, in which
            ``None`` is no cut, and the last one is for all that follow.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=Cut(2)) as link:
    ...     wslab.talk(link.url, "a", "b", "c")
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """

    def __init__(
        self,
        url: str,
        *,
        latency: float = 0.0,
        jitter: float = 0.0,
        seed: int = 0,
        bandwidth: float | None = None,
        cut: Cut | Sequence[Cut | None] | None = None,
    ) -> None:
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
        self._seed = seed
        self._url, self._target = parse_address(url)
        self._cuts = deque((cut or [None]) if isinstance(cut, Sequence) else [cut])
        self._thread: LoopThread | None = None
        self._line_free = {"client": 0.0, "server": 0.0}  # when its last byte will have left

    @property
    def url(self) -> str:
        """
        Address for clients, such as ``"ws://127.0.0.1:49152"``, with the path of the server's.

        Raises:
            NotRunningError: This is not inside the ``with`` block.
        """
        self._check_running()
        return self._url._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def cut(self, how: Ending = "FIN") -> None:
        """Cut all connections; there may be new ones."""

        def cut() -> None:
            for connection in self._connections.values():
                connection.end(how)

        self._call(cut)

    def partition(self) -> None:
        """Forward nothing, in both directions and without a word, until :meth:`heal`."""
        self._call(lambda: self._whole.clear())

    def heal(self) -> None:
        """End a partition: what was held up goes on, as TCP sends again what was lost."""
        self._call(lambda: self._whole.set())

    def __enter__(self) -> Self:
        thread = LoopThread(f"wslab link to {self._url.netloc}", self._lifespan)
        thread.start(timeout=TIMEOUT)
        self._thread = thread
        return self

    def __exit__(self, *exc: object) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop(timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *exc: object) -> None:
        self.__exit__()  # in milliseconds, and without a part for the caller's loop

    def _call(self, function: Callable[[], object]) -> None:
        """Call a function on the link's thread; return when it has been called."""

        async def call() -> None:
            function()

        self._check_running()
        asyncio.run_coroutine_threadsafe(call(), self._loop).result(TIMEOUT)

    def _check_running(self) -> None:
        if self._thread is None:
            raise NotRunningError("the link is not running; write: with Link(server.url) as link:")

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._whole = asyncio.Event()  # cleared in a partition
        self._whole.set()
        with _Listener() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            self._port = listener.getsockname()[1]
            accepting = asyncio.create_task(self._accept(listener))
            try:
                yield
            finally:
                tasks = [accepting, *self._connections]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                for client in listener.accepted:
                    client.close()

    async def _accept(self, listener: _Listener) -> None:
        for number in itertools.count(1):
            client, _ = await self._loop.sock_accept(listener)
            cut = self._cuts.popleft() if len(self._cuts) > 1 else self._cuts[0]
            connection = _Connection(self, number, cut, client)
            task = asyncio.create_task(connection.run(self._target))
            self._connections[task] = connection
            task.add_done_callback(
                lambda task: listener.accepted.discard(self._connections.pop(task).client)
            )

    def _schedule(self, size: int, sender: str, share: float) -> float:
        """Take a place on the line for some bytes; return when they arrive, on the loop's clock."""
        left = max(self._loop.time(), self._line_free[sender])
        if self.bandwidth:
            left += size / self.bandwidth
            self._line_free[sender] = left
        return left + self.latency + self.jitter * share


class _Listener(socket.socket):
    """A socket that knows whom it has accepted: what asyncio cancels just then, it forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: set[socket.socket] = set()

    def accept(self) -> tuple[socket.socket, Any]:
        client, address = super().accept()
        self.accepted.add(client)
        return client, address


class _Connection:
    """A connection from a client to a link, and the one from there to the server."""

    def __init__(self, link: Link, number: int, cut: Cut | None, client: socket.socket) -> None:
        self.link = link
        self.number = number
        self.cut = cut
        self.client = client
        self._how: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, how: Ending) -> None:
        """End both TCP connections; the first call counts."""
        if not self._how.done():
            self._how.set_result(how)

    async def run(self, target: tuple[str, int]) -> None:
        """Forward everything until :meth:`end`."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        with self.client as client, socket.socket(family) as server:
            for sock in (client, server):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self.link._whole.wait()
                await asyncio.get_running_loop().sock_connect(server, target)
            except OSError:
                self.end("RST")
            up = _Direction(self, "client", client, server)
            down = _Direction(self, "server", server, client)
            up.back, down.back = down, up
            async with asyncio.TaskGroup() as group:
                flows = (up.read(), up.write(), down.read(), down.write())
                tasks = [group.create_task(flow) for flow in flows]
                how = await self._how
                for task in tasks:
                    task.cancel()
            if how == "RST":
                reset_when_closed(client)
                reset_when_closed(server)
            else:
                await asyncio.gather(_finish(client), _finish(server))


async def _finish(sock: socket.socket) -> None:
    """Send FIN and wait for the peer's: a socket closed with unread bytes would send RST."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while await asyncio.get_running_loop().sock_recv(sock, WINDOW):
            pass


class _Direction:
    """One direction of a connection: what one side sends, on its way to the other."""

    back: _Direction

    def __init__(
        self, connection: _Connection, sender: Sender, source: socket.socket, target: socket.socket
    ) -> None:
        self._connection = connection
        self._link = connection.link
        self._sender: Sender = sender
        self._source = source
        self._target = target
        # When it arrives, and what.
        self._queue: asyncio.Queue[tuple[float, Item]] = asyncio.Queue()
        self._queued = 0
        self._room = asyncio.Event()
        self._room.set()
        self._ended = False
        self._decoder = Decoder(sender, connection.number)
        self._position = 0  # of the bytes that are in the queue, or were
        self._decoded = 0
        self._ends: deque[tuple[int, bool]] = deque()  # of frames, and whether of a message too
        self._random = random.Random(f"{self._link._seed} {connection.number} {sender}")
        self._share = self._random.random()  # of the jitter, for the present frame
        self._messages = 0
        cut = connection.cut if connection.cut and connection.cut.sender == sender else None
        self._cut = cut
        self._cut_at = cut.more_bytes if cut and cut.messages is None else None

    async def read(self) -> None:
        """Put into the queue what the sender sends, while there is room."""
        loop = asyncio.get_running_loop()
        data = b""
        while True:
            for item in self._split(data):
                self._put(item)
            await self._room.wait()
            await self._link._whole.wait()
            try:
                size = PACKET if self._link.bandwidth else WINDOW
                data = await loop.sock_recv(self._source, size)
            except OSError:
                return self._put("RST")
            if not data:
                return self._put("end")

    async def write(self) -> None:
        """Take from the queue what has arrived."""
        loop = asyncio.get_running_loop()
        while True:
            due, item = await self._queue.get()
            if (early := due - loop.time()) > 0:
                await asyncio.sleep(early)
            await self._link._whole.wait()
            if isinstance(item, bytes):
                try:
                    await loop.sock_sendall(self._target, item)
                except OSError:
                    self.back._put("RST")  # it comes after what the target sent before
                self._queued -= len(item)
                if self._queued < WINDOW:
                    self._room.set()
            elif item == "partition":
                self._link._whole.clear()
            elif item == "end":
                self._ended = True
                with contextlib.suppress(OSError):
                    self._target.shutdown(socket.SHUT_WR)
                if self.back._ended:
                    return self._connection.end("FIN")
            else:
                return self._connection.end(item)

    def _put(self, item: Item) -> None:
        size = len(item) if isinstance(item, bytes) else 0
        due = self._link._schedule(size, self._sender, self._share)
        self._queue.put_nowait((due, item))  # nothing overtakes what is before it in the queue
        self._queued += size
        if self._queued >= WINDOW:
            self._room.clear()

    def _split(self, data: bytes) -> Iterator[Item]:
        """Yield the bytes, split where frames end, and the cut at its place."""
        for record in self._decoder.feed(data):
            if isinstance(record, Frame):
                self._decoded += record.size
                self._ends.append((self._decoded, record.fin and not record.is_control))
            elif isinstance(record, Handshake):
                self._decoded += len(record.head)
                self._ends.append((self._decoded, False))
        first, stop = self._position, self._position + len(data)
        while True:
            if self._ends and self._ends[0][0] == self._position:
                self._messages += self._ends.popleft()[1]
                self._share = self._random.random()
                if self._cut and self._cut_at is None and self._cut.messages == self._messages:
                    self._cut_at = self._position + self._cut.more_bytes
            if self._cut and self._cut_at == self._position:
                yield self._cut.how
                self._cut = self._cut_at = None
            if self._position == stop:
                return
            begin = self._position
            frame_end = self._ends[0][0] if self._ends else stop
            self._position = min(stop, frame_end, self._cut_at or stop)
            yield data[begin - first : self._position - first]
