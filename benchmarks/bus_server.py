"""
A chat server for `bus.py`: the bus of notebook 09b, or one process's `broadcast()`.

    python bus_server.py NAME ROOMS [--url REDIS] [--stream]

Without ``--url`` there is no bus. Commands come on standard input, answers go to standard output,
one JSON object a line: ``flow N`` (say N messages as fast as they come back), ``pace RATE SECONDS``
(a steady load), ``sent`` (when Redis was asked, before each message went there, who is subscribed),
``fill N`` (N messages that clients missed; they come in after ``go``), ``counts``, ``quit``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import psutil
from bus_lesson import load
from websockets.asyncio.server import ServerConnection, serve

WINDOW = 800  # messages on their way, of one process
SIZE = 100  # bytes of a message
BUFFERED = 2**17  # bytes for one client from where one process waits for it


def say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


class Server:
    """The server's rooms, with or without a bus."""

    def __init__(self, name: str, rooms: int, url: str | None, stream: bool) -> None:
        lesson = load()
        self.name, self.names = name, [f"room{number:04}" for number in range(rooms)]
        empty = {"from": name, "n": 0, "room": self.names[0], "text": ""}
        self.room_for_text = SIZE + 1 - len(json.dumps(empty))
        self.closed = self.held = 0
        self.pacing, self.sent = False, dict[int, float]()
        self.first: dict[str, str] = {}
        self.go = asyncio.Event()
        self.bus = (lesson.StreamBus if stream else lesson.RedisBus)(url) if url else None
        self.rooms = self.bus.rooms if self.bus else lesson.Rooms()
        self.back, self.seen = 0, asyncio.Event()
        if self.bus:
            self.rooms.deliver = self._count(self.rooms.deliver)
            self._note(self.bus.publisher)

    def _count(self, deliver: Any) -> Any:
        mine = f'"from": "{self.name}"'.encode()

        def counting(room: str, message: bytes) -> None:
            deliver(room, message)
            if mine in message:
                self.back += 1
                if self.back % 32 == 0:
                    self.seen.set()

        return counting

    def _note(self, publisher: Any) -> None:
        count, publish, asked = publisher.count, publisher.publish, 0.0

        def counting(redis: Any) -> Any:
            nonlocal asked
            asked = time.monotonic()
            return count(redis)

        async def publishing(redis: Any, batch: list[tuple[str, bytes]]) -> None:
            for _, message in batch if self.pacing else ():
                self.sent[json.loads(message)["n"]] = asked
            await publish(redis, batch)

        publisher.count, publisher.publish = counting, publishing

    async def handle(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        room = ws.request.path[1:]
        if self.first:
            self.held += 1
            await self.go.wait()
        if self.bus:
            await self.bus.join(room, ws, "joined", self.first.get(room))
        else:
            self.rooms.enter(room, ws)
        try:
            await ws.wait_closed()
        finally:
            self.closed += 1
            (self.bus or self.rooms).leave(room, ws)

    def event(self, number: int) -> tuple[str, dict[str, Any]]:
        """A room and a message of 100 bytes for it, as JSON."""
        room = self.names[number % len(self.names)]
        text = "." * (self.room_for_text - len(str(number)))
        return room, {"from": self.name, "n": number, "room": room, "text": text}

    async def flow(self, count: int) -> None:
        """Say so many messages as fast as they come back, or as fast as the clients take them."""
        began, cpu = time.monotonic(), time.process_time()
        if self.bus:
            await self._flow_over_bus(count)
        else:
            for number in range(count):
                room, event = self.event(number)
                self.rooms.deliver(room, json.dumps(event).encode())
                if number % 64 == 63:
                    await asyncio.sleep(0)
                    while self._buffered() > BUFFERED:  # noqa: ASYNC110 - no event tells
                        await asyncio.sleep(0.002)
        say(done=count, seconds=time.monotonic() - began, cpu=time.process_time() - cpu)

    async def _flow_over_bus(self, count: int) -> None:
        assert self.bus is not None
        self.back, number = 0, 0
        async with asyncio.timeout(120):
            while self.back < count:
                while number < count and number - self.back < WINDOW:
                    self.bus.publish(*self.event(number))
                    number += 1
                self.seen.clear()
                if self.back < count // 32 * 32:
                    await self.seen.wait()
                else:
                    await asyncio.sleep(0.002)

    def _buffered(self) -> int:
        some = [ws for room in self.names[:8] for ws in self.rooms.clients.get(room, ())]
        return max((ws.transport.get_write_buffer_size() for ws in some), default=0)

    async def pace(self, rate: float, seconds: float) -> None:
        """Say messages at a steady rate; tell which were refused."""
        assert self.bus is not None
        self.pacing = True
        began, number, refused = time.monotonic(), 0, []
        while (now := time.monotonic() - began) < seconds:
            while number < now * rate:
                try:
                    self.bus.publish(*self.event(number))
                except asyncio.QueueFull:
                    refused.append(number)
                number += 1
            await asyncio.sleep(0.002)
        say(paced=number, refused=refused)

    def counts(self) -> None:
        say(
            counts=dict(self.rooms.counts),
            clients=sum(map(len, self.rooms.clients.values())),
            held=self.held,
            closed=self.closed,
            up=bool(self.bus and self.bus.up.is_set()),
            rss=psutil.Process().memory_info().rss,
            cpu=time.process_time(),
        )

    async def fill(self, count: int) -> None:
        """Put messages into the stream of each room; clients will have had the first one last."""
        lesson = sys.modules["bus_lesson"].load()
        assert self.bus is not None
        size = 0
        async with lesson.Redis.from_url(self.bus.url) as redis:
            for room in self.names:
                pipe = redis.pipeline(transaction=False)
                for number in range(count + 1):
                    event = {"from": self.name, "n": number, "room": room, "text": ""}
                    event["text"] = "." * (SIZE - len(json.dumps(event)))
                    pipe.xadd(lesson.PREFIX + room, {"event": json.dumps(event)})
                ids = await pipe.execute()
                self.first[room] = ids[0].decode()
        size = len(lesson.ID) + len(ids[0]) + len('", ') + SIZE - 1 + 4  # a frame's header
        say(filled=size)


async def lines() -> AsyncIterator[list[str]]:
    """The commands, until standard input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode().split()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("rooms", type=int)
    parser.add_argument("--url")
    parser.add_argument("--stream", action="store_true")
    options = parser.parse_args()
    server = Server(options.name, options.rooms, options.url, options.stream)
    logging.getLogger("bus").disabled = True  # it says of each attempt why it failed
    settings: Any = {"compression": None, "ping_interval": None, "backlog": 1024}
    async with asyncio.TaskGroup() as tasks:
        if server.bus:
            tasks.create_task(server.bus.run())
            await server.bus.up.wait()
        async with serve(server.handle, "127.0.0.1", 0, **settings) as listening:
            say(port=listening.sockets[0].getsockname()[1], rss=psutil.Process().memory_info().rss)
            async for command, *numbers in lines():
                if command == "counts":
                    server.counts()
                elif command == "quit":
                    break
                elif command == "go":
                    server.go.set()
                elif command == "sent":
                    say(sent=server.sent)
                else:
                    work = getattr(server, command)
                    tasks.create_task(work(*map(int, numbers)))
            os._exit(0)  # all figures are told; two thousand closing handshakes only take time


if __name__ == "__main__":
    asyncio.run(main())
