"""
A chat server for `bus.py`: the bus of notebook 09b, or one process's `broadcast()`.

    python bus_server.py NAME ROOMS [--url REDIS] [--stream]

Without ``--url`` there is no bus. Commands come on standard input, answers go to standard output,
one JSON object a line: ``flow N`` (say N messages as fast as they come back), ``pace RATE SECONDS``
(a steady load), ``counts``, ``quit``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
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
        self.closed = 0
        self.bus = (lesson.StreamBus if stream else lesson.RedisBus)(url) if url else None
        self.rooms = self.bus.rooms if self.bus else lesson.Rooms()
        self.back, self.seen = 0, asyncio.Event()
        if self.bus:
            self.rooms.deliver = self._count(self.rooms.deliver)

    def _count(self, deliver: Any) -> Any:
        mine = f'"from": "{self.name}"'.encode()

        def counting(room: str, message: bytes) -> None:
            deliver(room, message)
            if mine in message:
                self.back += 1
                if self.back % 32 == 0:
                    self.seen.set()

        return counting

    async def handle(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        room = ws.request.path[1:]
        if self.bus:
            await self.bus.join(room, ws, "joined")
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
        event = {"from": self.name, "n": number, "room": room, "text": ""}
        event["text"] = "." * (SIZE - len(json.dumps(event)))
        return room, event

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
        rss = psutil.Process().memory_info().rss
        clients = sum(map(len, self.rooms.clients.values()))
        say(counts=dict(self.rooms.counts), clients=clients, closed=self.closed, rss=rss)


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
                else:
                    work = server.flow if command == "flow" else server.pace
                    tasks.create_task(work(*map(int, numbers)))
            os._exit(0)  # all figures are told; two thousand closing handshakes only take time


if __name__ == "__main__":
    asyncio.run(main())
