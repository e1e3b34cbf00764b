"""Tests of notebook 09b: its cells show the same with a real Redis server and without any."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from lesson_cells import Lesson
from websockets.asyncio.client import connect

NOTEBOOK = "09b_more_than_one_process"
SCENES = ("alone", "together", "conversation", "kill", "cut", "freeze", "cut-again", "resume")

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[str]]]:
    """All processes that were started; none of them may be left."""
    started: list[subprocess.Popen[str]] = []

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    yield started
    left = [process.args for process in started if process.poll() is None]
    for process in started:
        process.kill()
    assert left == []


@pytest.fixture
def lesson(monkeypatch: pytest.MonkeyPatch, processes: list[Any]) -> Lesson:
    """The lesson's definitions on a machine without REDIS_URL."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    lesson = Lesson(NOTEBOOK)
    lesson.define_until("cluster-bus", without=("presence-run", "paper"))
    return lesson


def names_of(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What was started, in order."""
    return [pathlib.Path(process.args[0]).name for process in processes]  # type: ignore[index]


@pytest.mark.parametrize("scene", SCENES)
def test_without_redis(
    lesson: Lesson, processes: list[Any], monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    """The hub in the process does what the notebook shows, and starts nothing."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert asyncio.run(lesson.run(scene)) == lesson.stored(scene)
    assert processes == []


@pytest.mark.parametrize("scene", SCENES[2:])
def test_with_redis(
    lesson: Lesson, processes: list[subprocess.Popen[str]], redis_server: None, scene: str
) -> None:
    """A real Redis server and two processes show the same, and all of them are ended."""
    python = pathlib.Path(sys.executable).name
    assert asyncio.run(lesson.run(scene)) == lesson.stored(scene)
    servers = ["redis-server"] * (2 if scene == "kill" else 1)
    assert sorted(names_of(processes)) == sorted([*servers, python, python])
    assert [process.poll() for process in processes if process.args[0] == sys.executable] == [0, 0]  # type: ignore[index]


@pytest.mark.parametrize("bus", ["RedisBus", "StreamBus"])
def test_three_hundred_speak_at_once(lesson: Lesson, redis_server: None, bus: str) -> None:
    """With more rooms than a pool of Redis has connections: each hears both of its room, once."""
    count, rooms = 300, 150

    async def talk() -> list[list[str]]:
        async with (
            asyncio.timeout(60),
            lesson.names["two_servers"](bus) as (ports, _),
            contextlib.AsyncExitStack() as stack,
        ):
            clients = []
            for number in range(count):
                url = f"ws://127.0.0.1:{ports[number // rooms]}/room-{number % rooms}/{number}"
                clients.append(await stack.enter_async_context(connect(url, proxy=None)))
            for client in clients:
                assert json.loads(await client.recv())["type"] == "joined"
            await asyncio.gather(*(client.send("hello") for client in clients))
            heard = [[json.loads(await client.recv()) for _ in range(2)] for client in clients]
            await asyncio.gather(*(client.send("bye") for client in clients))
            last = [[json.loads(await client.recv()) for _ in range(2)] for client in clients]
        assert {event["text"] for events in last for event in events} == {"bye"}  # none came twice
        return [sorted(event["name"] for event in events) for events in heard]

    expected = [sorted([str(n % rooms), str(n % rooms + rooms)]) for n in range(count)]
    assert asyncio.run(talk()) == expected


def test_a_hub_without_a_memory_keeps_no_rooms(lesson: Lesson) -> None:
    """Nothing is left of rooms that everybody has left, however many there were."""

    async def talk() -> int:
        hub = lesson.names["Hub"]()
        async with asyncio.timeout(20), lesson.names["local_servers"](hub) as [port]:
            for number in range(3):
                async with connect(f"ws://127.0.0.1:{port}/room-{number}/Ada", proxy=None) as ada:
                    await ada.recv()
                    await ada.send("hello")
                    await ada.recv()
            [bus] = hub.buses
        return len(hub.logs) + len(bus.rooms.clients)

    assert asyncio.run(talk()) == 0


def test_presence(lesson: Lesson, processes: list[Any], redis_server: None) -> None:
    """Names of all processes, without those that left and those that expired."""
    assert asyncio.run(lesson.run("presence-run")) == lesson.stored("presence-run")
    assert names_of(processes) == ["redis-server"]


def test_redis_of_the_environment(
    lesson: Lesson, processes: list[subprocess.Popen[str]], redis_server: None
) -> None:
    """Both processes subscribe at the Redis of REDIS_URL, and none stays subscribed."""

    async def talk() -> tuple[str, list[dict[str, int]]]:
        server = lesson.names["RedisServer"]()
        found: list[dict[str, int]] = []
        converse = lesson.names["converse"]
        with server.folder:
            server.start()
            try:
                async with lesson.names["Redis"].from_url(server.url) as client:

                    async def spy(ports: list[int]) -> None:
                        await converse(ports)
                        found.append(dict(await client.pubsub_numsub("chat:*alive*")))

                    lesson.names["converse"] = spy
                    os.environ["REDIS_URL"] = server.url
                    shown = await lesson.run("conversation")
                    found.append(dict(await client.pubsub_numsub("chat:*alive*")))
            finally:
                del os.environ["REDIS_URL"]
                server.kill()
        return shown, found

    shown, found = asyncio.run(talk())
    assert shown == lesson.stored("conversation")
    assert [list(counts.values()) for counts in found] == [[2], [0]]
    assert names_of(processes).count("redis-server") == 1


def test_program_that_does_not_start(lesson: Lesson, processes: list[Any]) -> None:
    """What it said is in the error."""
    with (
        pytest.raises(RuntimeError, match=r"a server of the chat failed:\n(.|\n)*KeyError"),
        lesson.names["server_process"]("redis://127.0.0.1:1", "server 1", "NoBus"),
    ):
        pytest.fail("it should not have started")
