"""The network between clients and a server: latency, jitter, bandwidth, cuts and partitions."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Literal, Self, cast

from wslab._loop import LoopThread
from wslab.relay import End, Ending, Relay, parse_address
from wslab.service import NotRunningError
from wslab.transcript import Transcript
from wslab.wire import Sender

from ._line import WINDOW, Linked

__all__ = ["Cut", "Link"]

TIMEOUT: Final = 5.0


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

    Attributes:
        at_client: What crossed the wire at the client's end, a :class:`wslab.Transcript`: what the
            client sent, and what arrived there.
        at_server: The same at the server's end: what arrived there, and what the server sent.

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
        self.at_client = Transcript(viewpoint="As the client's end of the link saw it")
        self.at_server = Transcript(viewpoint="As the server's end of the link saw it")

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
            for connection in self._linked():
                connection.end(how, f"the link cut the connection by {how}")

        self._call(cut)

    def partition(self) -> None:
        """Forward nothing, in both directions and without a word, until :meth:`heal`."""
        self._call(self._part)

    def heal(self) -> None:
        """End a partition: what was held up goes on, as TCP sends again what was lost."""

        def heal() -> None:
            self._whole.set()
            for connection in self._linked():
                connection.heal()

        self._call(heal)

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
        for transcript in (self.at_client, self.at_server):
            transcript.refuse_waiting_here()
        self._loop = asyncio.get_running_loop()
        self._whole = asyncio.Event()  # cleared in a partition
        self._whole.set()
        numbers = itertools.count(1)
        self._relay = Relay(
            self._connect, lambda relay: Linked(relay, self, next(numbers)), read=WINDOW
        )
        await self._relay.listen(host="127.0.0.1", port=0)
        self._port = self._relay.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            for connection in self._linked():
                connection.stop()
            await self._relay.close(0)

    async def _connect(self, make: Callable[[], End]) -> None:
        await self._whole.wait()
        await self._loop.create_connection(make, *self._target)

    def _linked(self) -> list[Linked]:
        return [cast(Linked, connection) for connection in self._relay.connections]

    def _part(self) -> None:
        self._whole.clear()
        for connection in self._linked():
            connection.part()

    def _next_cut(self) -> Cut | None:
        return self._cuts.popleft() if len(self._cuts) > 1 else self._cuts[0]

    def _schedule(self, size: int, sender: str, share: float) -> float:
        """Take a place on the line for some bytes; return when they arrive, on the loop's clock."""
        left = max(self._loop.time(), self._line_free[sender])
        if self.bandwidth:
            left += size / self.bandwidth
            self._line_free[sender] = left
        return left + self.latency + self.jitter * share
