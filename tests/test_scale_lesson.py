"""Tests of the chat in notebook 09: its cells, run with a real Redis server and without any."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import linecache
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
import redis
import websockets.exceptions
from websockets.asyncio.client import connect

NOTEBOOK = pathlib.Path(__file__).parent.parent / "notebooks" / "09_performance_and_scale.ipynb"
CELLS = {cell.id: cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
DEFINITIONS = "bus local-bus chat-server converse redis-bus program running find-redis two-servers"

pytestmark = pytest.mark.slow


class Lesson:
    """The cells that define the chat, in a namespace of their own; others are run by their id."""

    def __init__(self) -> None:
        # What these cells have from the first half of the notebook.
        self.names: dict[str, Any] = {"connect": connect, "sys": sys}
        for id in DEFINITIONS.split():
            assert not inspect.iscoroutine(self._evaluate(id)), f"{id} awaits something"

    def _evaluate(self, id: str) -> Any:
        source = CELLS[id].source
        name = f"<cell {id}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        code = compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        return eval(code, self.names)

    async def run(self, id: str) -> None:
        """Run a cell that awaits."""
        async with asyncio.timeout(60):
            await self._evaluate(id)


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
    """The lesson on a machine without REDIS_URL."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    return Lesson()


@pytest.fixture
def redis_server() -> str:
    """The program; without it a test is skipped, and fails in CI."""
    program = shutil.which("redis-server")
    if program is None and os.environ.get("CI"):
        pytest.fail("redis-server is not installed")
    if program is None:
        pytest.skip("redis-server is not installed")
    return program


def stored(id: str) -> str:
    """What a cell has printed, or shown, in the notebook."""
    [output] = CELLS[id].outputs
    return str(output.text if output.output_type == "stream" else output.data["text/plain"])


def names_of(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What was started, in order."""
    return [pathlib.Path(process.args[0]).name for process in processes]  # type: ignore[index]


def test_without_redis(
    lesson: Lesson,
    processes: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The bus in the process does what the notebook shows, and starts nothing."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for id in ("alone", "together", "conversation"):
        asyncio.run(lesson.run(id))
        assert capsys.readouterr().out == stored(id)
    asyncio.run(lesson.run("at-most-once"))
    assert repr(lesson.names["first"]) == stored("at-most-once")
    assert processes == []


def test_with_redis(
    lesson: Lesson,
    processes: list[subprocess.Popen[str]],
    redis_server: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A real Redis server and two processes show the same; twice, as when a cell is run again."""
    python = pathlib.Path(sys.executable).name
    for _ in range(2):
        processes.clear()
        asyncio.run(lesson.run("conversation"))
        assert capsys.readouterr().out == stored("conversation")
        assert names_of(processes) == ["redis-server", python, python]
        assert len({process.pid for process in processes} | {os.getpid()}) == 4
        assert [process.poll() is None for process in processes] == [False] * 3
    processes.clear()
    asyncio.run(lesson.run("at-most-once"))
    assert repr(lesson.names["first"]) == stored("at-most-once")
    assert names_of(processes) == ["redis-server"]


@pytest.fixture
def private_redis(
    lesson: Lesson, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[redis.Redis, contextlib.ExitStack]]:
    """A client of a Redis server that REDIS_URL names, and what stops that server."""
    with contextlib.ExitStack() as stopping:
        url = stopping.enter_context(lesson.names["find_redis"]())
        monkeypatch.setenv("REDIS_URL", url)
        with redis.Redis.from_url(url, decode_responses=True) as client:
            yield client, stopping


def test_messages_cross_redis(
    lesson: Lesson,
    processes: list[subprocess.Popen[str]],
    private_redis: tuple[redis.Redis, contextlib.ExitStack],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both processes subscribe at the Redis of REDIS_URL, and another subscriber sees it all."""
    client, _ = private_redis
    subscribers: list[dict[str, int]] = []
    converse = lesson.names["converse"]

    async def spy(*ports: int) -> None:
        rooms = client.pubsub_channels("lobby-*")
        subscribers.append(dict(client.pubsub_numsub(*rooms)))
        await converse(*ports)

    lesson.names["converse"] = spy
    with client.pubsub() as pubsub:
        pubsub.psubscribe("lobby-*")
        assert pubsub.get_message(timeout=5)["type"] == "psubscribe"
        asyncio.run(lesson.run("conversation"))
        events = [pubsub.get_message(timeout=5) for _ in range(4)]
    assert capsys.readouterr().out == stored("conversation")
    assert [event and event["data"] for event in events] == [
        "Ada: hello",
        "Grace: hi",
        "Ada: bye",
        "Grace: bye",
    ]
    [rooms] = subscribers
    [(room, count)] = rooms.items()
    assert count == 2, "each of the two processes has one subscription"
    assert {event["channel"] for event in events} == {room}
    servers = [process for process in processes if process.args[0] == sys.executable]  # type: ignore[index]
    assert len({process.pid for process in servers}) == 2
    assert client.pubsub_channels() == []


def test_client_is_told_when_redis_is_down(
    lesson: Lesson, private_redis: tuple[redis.Redis, contextlib.ExitStack]
) -> None:
    """The connection ends; no message is lost without a word, and no server stays deaf."""
    _, stopping = private_redis

    async def talk() -> None:
        async with (
            asyncio.timeout(60),
            lesson.names["two_servers"]() as (port, _),
            connect(f"ws://127.0.0.1:{port}", proxy=None) as ws,
        ):
            assert await ws.recv() == "welcome to server 1"
            stopping.close()
            await ws.send("is anybody there?")
            with pytest.raises(websockets.exceptions.ConnectionClosed) as caught:
                await ws.recv()
            # Whichever fails first: the handler that publishes, or the relay, and the server.
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code in {1001, 1011}

    asyncio.run(talk())


def test_program_that_does_not_start(lesson: Lesson) -> None:
    """What it said is in the error, and nobody waits for long."""
    with (
        pytest.raises(RuntimeError, match=r"it ended before it was ready:\n(.|\n)*ConnectionError"),
        lesson.names["run_process"]("redis://127.0.0.1:1", "lobby", "server 1"),
    ):
        pytest.fail("it should not have started")
