"""
The bus of notebook 09b over a Redis Cluster of three nodes, on loopback; one node is killed.

    python tests/interop/redis_cluster.py

It starts three primaries without replicas, two buses as two processes would have them, and clients
in a room on each node. Messages must reach both buses' clients; when one node is killed, rooms on
the others go on, and its own rooms say that they are down; when it is back, they go on too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from bus_lesson import load

TIMEOUT = 20


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses, and nobody whose port + 10000 is asked for: two for each node."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [sock.getsockname()[1] for sock in socks]


class Node:
    """A primary of the cluster."""

    def __init__(self, folder: Path, port: int, bus_port: int) -> None:
        self.folder, self.port, self.bus_port = folder, port, bus_port
        folder.mkdir()
        self.start()

    def start(self) -> None:
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "cluster-enabled": "yes",
            "cluster-port": self.bus_port,
            "cluster-node-timeout": 2000,
            "cluster-require-full-coverage": "no",
            "appendonly": "yes",
            "appendfsync": "always",  # else the last second may be lost
            "logfile": "log",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(["redis-server", *words, "--save", ""], cwd=self.folder)
        self.client().ping()

    def client(self) -> redis.Redis:
        retry = Retry(ConstantBackoff(0.05), 200)
        return redis.Redis(port=self.port, retry=retry)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


def join(nodes: list[Node]) -> None:
    """Make a cluster of the nodes: each a third of the slots."""
    for number, node in enumerate(nodes):
        first, last = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
        node.client().execute_command("CLUSTER ADDSLOTSRANGE", first, last)
        for other in nodes:
            command = ("CLUSTER MEET", "127.0.0.1", other.port, other.bus_port)
            node.client().execute_command(*command)


def until_whole(nodes: list[Node], states: set[str]) -> None:
    """Wait until each node says that of the cluster."""
    deadline = time.monotonic() + TIMEOUT
    for node in nodes:
        while str(node.client().cluster("info")["cluster_state"]) not in states:
            assert time.monotonic() < deadline, "the cluster did not become whole"


class Client:
    """A client of a room, and all that it hears."""

    def __init__(self, port: int, room: str) -> None:
        self.port, self.room = port, room
        self.heard: list[dict[str, Any]] = []

    async def listen(self) -> None:
        url = f"ws://127.0.0.1:{self.port}/{self.room}/{self.port}"
        async with connect(url, proxy=None) as self.ws:
            async for message in self.ws:
                self.heard.append(json.loads(message))

    def texts(self) -> list[str]:
        return [event["text"] for event in self.heard if event["type"] == "said"]


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            while not condition():  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


async def scenario(nodes: list[Node]) -> None:
    lesson = load()
    seeds = [f"redis://127.0.0.1:{node.port}" for node in nodes]
    buses = [lesson.ClusterBus(*seeds) for _ in range(2)]
    running = [asyncio.create_task(bus.run()) for bus in buses]
    await until(lambda: all(len(bus.buses) == 3 for bus in buses), "three shards each")
    async with asyncio.timeout(TIMEOUT), contextlib.AsyncExitStack() as stack:
        for bus in buses:
            await bus.wait_until_up()
        serving = [lesson.serve_chat(bus, f"server {n}") for n, bus in enumerate(buses)]
        servers = [await stack.enter_async_context(one) for one in serving]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        names = [f"room-{number}" for number in range(100)]
        rooms = [next(n for n in names if buses[0].bus(n) is shard) for shard in buses[0].buses]
        clients = [Client(port, room) for room in rooms for port in ports]
        listening = [asyncio.create_task(client.listen()) for client in clients]
        await until(lambda: all(client.heard for client in clients), "everybody has joined")

        async def say(text: str, some: list[Client]) -> None:
            for client in some:
                await client.ws.send(f"{text} from {client.port}")
            for client in some:
                expected = {f"{text} from {port}" for port in ports}
                await until(lambda c=client, e=expected: e <= set(c.texts()), text)

        await say("hello", clients)
        victim = next(
            node for node in nodes if seeds[nodes.index(node)] == buses[0].bus(rooms[0]).url
        )
        victim.kill()
        await until(lambda: not any(bus.is_up(rooms[0]) for bus in buses), "the loss is noticed")
        assert all(bus.is_up(room) for bus in buses for room in rooms[1:])
        await say("meanwhile", clients[2:])
        await asyncio.to_thread(victim.start)
        await until(lambda: all(bus.is_up(rooms[0]) for bus in buses), "the node is back")
        await say("again", clients)
        for client in clients:
            assert len(client.texts()) == len(set(client.texts())), "something came twice"
        ids = [event["id"] for event in clients[0].heard if "id" in event]
        async with connect(
            f"ws://127.0.0.1:{ports[1]}/{rooms[0]}/back?after={ids[0]}", proxy=None
        ) as ws:
            first = [json.loads(await ws.recv()) for _ in range(len(ids))]
        assert [event.get("id") for event in first] == [None, *ids[1:]], "it resumes"
        for task in [*listening, *running]:
            task.cancel()
        await asyncio.gather(*listening, *running, return_exceptions=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        ports = free_ports(6)
        nodes = []
        for number in range(3):
            node = Node(Path(folder, str(number)), ports[number], ports[number + 3])
            stack.callback(node.kill)
            nodes.append(node)
        join(nodes)
        until_whole(nodes, {"ok"})
        asyncio.run(scenario(nodes))
        version = nodes[0].client().info("server")["redis_version"]
    print(f"Redis {version}: three nodes; one was killed and started again, and nothing came twice")


if __name__ == "__main__":
    main()
