"""Tests of wslab._handler: whatever websockets takes is a handler, unless it can never work."""

from __future__ import annotations

import functools
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosedError

import wslab
from wslab.handlers import echo
from wslab.server import serve

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")


def plain(ws: ServerConnection) -> None:
    """What a beginner writes."""
    for message in ws:  # type: ignore[attr-defined]
        ws.send(message)


def plain_that_leaves_early(ws: ServerConnection) -> None:
    if ws.request is None:
        return
    ws.close()


def generator(ws: ServerConnection) -> Iterator[None]:
    yield


async def asynchronous_generator(ws: ServerConnection) -> AsyncIterator[None]:
    yield


class ClassWithPlainCall:
    def __call__(self, ws: ServerConnection) -> None:
        ws.send("x")


async def two_arguments(ws: ServerConnection, path: str) -> None: ...


async def no_argument() -> None: ...


async def keyword(ws: ServerConnection, *, path: str) -> None: ...


class ClassWithAsyncCall:
    """Its instances are handlers; it is not."""

    def __init__(self, ws: object) -> None: ...

    async def __call__(self, ws: ServerConnection) -> None: ...


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (lambda ws: None, "must be an async function"),
        (plain, "must be an async function"),
        (plain_that_leaves_early, "must be an async function"),
        (functools.partial(plain), "must be an async function"),
        (generator, "must be an async function"),
        (asynchronous_generator, "must be an async function"),
        (ClassWithPlainCall(), "must be an async function"),
        (ClassWithPlainCall().__call__, "must be an async function"),
        (functools.partial(two_arguments), "must take one argument"),
        (None, "must be an async function"),
        ("echo", "must be an async function"),
        (print, "must be an async function"),
        (ClassWithAsyncCall, "must be an async function"),
        (two_arguments, "must take one argument.*missing a required argument: 'path'"),
        (no_argument, "must take one argument.*too many positional arguments"),
        (keyword, "must take one argument.*missing a required.*argument: 'path'"),
    ],
)
def test_not_a_handler(handler: Any, message: str) -> None:
    """What is not an async function of one argument is refused, in words that help."""
    with pytest.raises(TypeError, match=message):
        serve(handler)


class Chat:
    """A handler that remembers."""

    async def __call__(self, ws: ServerConnection) -> None:
        await echo(ws)

    async def method(self, ws: ServerConnection) -> None:
        await echo(ws)

    @classmethod
    async def of_the_class(cls, ws: ServerConnection) -> None:
        await echo(ws)

    @staticmethod
    async def static(ws: ServerConnection) -> None:
        await echo(ws)


class PlainCall:
    def __call__(self, ws: ServerConnection) -> Awaitable[None]:
        return echo(ws)


class Awaited:
    """Not a handler: it is called, and then awaited."""

    def __init__(self, ws: ServerConnection) -> None:
        self.ws = ws

    def __await__(self) -> Any:
        return echo(self.ws).__await__()


def decorated(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as most do, with a plain function."""

    @functools.wraps(handler)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        return handler(*arguments, **options)

    return wrapper


@types.coroutine
def of_old(ws: ServerConnection) -> Any:
    yield from echo(ws).__await__()


async def with_room(room: str, ws: ServerConnection) -> None:
    await echo(ws)


@pytest.mark.parametrize(
    "handler",
    [
        Chat(),
        Chat().method,
        Chat.of_the_class,
        Chat.static,
        PlainCall(),
        Awaited,
        functools.partial(Chat()),
        functools.partial(functools.partial(with_room), "lobby"),
        AsyncMock(wraps=echo),
        AsyncMock(side_effect=echo),
        create_autospec(echo, side_effect=echo),
        MagicMock(side_effect=echo),
        lambda ws: echo(ws),
        decorated(echo),
        decorated(Chat().method),
        of_old,
    ],
    ids=lambda handler: type(handler).__name__,
)
def test_handler(handler: Any) -> None:
    """What bare websockets runs is run here, too."""
    with serve(handler, name="test") as server:
        assert wslab.talk(server.url, "a", b"b") == ["a", b"b"]
        assert len(server.transcript.filter(kind="error")) == 0


def test_handler_that_returns_something_else() -> None:
    """Where it cannot be told before, it is told in the record, in the same words."""

    def sometimes(ws: ServerConnection) -> Any:
        return echo(ws) if ws.request and ws.request.path == "/" else 42

    with serve(sometimes) as server:
        assert wslab.talk(server.url, "x") == ["x"]
        with pytest.raises(ConnectionClosedError, match="1011"):
            wslab.talk(f"{server.url}/x", "x")
        [error] = server.transcript.filter(kind="error")
    assert error.type == "TypeError"
    assert error.message.startswith("the handler must be an async function, not <function test_")
    assert error.message.endswith("write: async def handler(ws): …")
