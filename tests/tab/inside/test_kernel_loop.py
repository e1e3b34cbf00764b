"""The kernel's own event loop: connections, threads, and when it stands still."""

import asyncio
import time

import pytest
from pyodide.ffi import run_sync
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from wslab._tab._kernel_loop import KernelLoop


def run(coroutine):
    """Run a coroutine on the kernel's loop, as a cell with await does."""
    return run_sync(coroutine)


def test_it_is_the_loop_that_runs():
    """The kernel's one was changed, not replaced."""
    assert isinstance(asyncio.get_event_loop(), KernelLoop)


def test_a_server_and_a_client_on_it():
    """The real websockets, with asyncio's own transports."""

    async def main():
        async def echo(ws):
            async for message in ws:
                await ws.send(message)

        async with serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}") as ws:
                await ws.send("hello")
                return await ws.recv()

    assert run(main()) == "hello"


def test_sockets_by_themselves():
    """loop.sock_… of asyncio."""
    import socket

    async def main():
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
            listener.setblocking(False)
            client.setblocking(False)
            accepting = asyncio.create_task(loop.sock_accept(listener))
            await loop.sock_connect(client, listener.getsockname())
            server, _ = await accepting
            with server:
                await loop.sock_sendall(client, b"hello")
                return await loop.sock_recv(server, 9)

    assert run(main()) == b"hello"


def test_nobody_there():
    """A refused connection is one here, too."""

    async def main():
        await connect("ws://127.0.0.1:9")

    with pytest.raises(ConnectionRefusedError):
        run(main())


def test_threads_of_it():
    """to_thread() and the executor."""

    async def main():
        return await asyncio.to_thread(lambda: time.sleep(0.01) or "done")

    assert run(main()) == "done"


def test_it_stands_still_while_a_cell_waits():
    """A task gets no turn while the main thread sleeps, and the next one afterwards."""

    async def main():
        turns = []
        asyncio.get_running_loop().call_soon(turns.append, 1)
        time.sleep(0.02)  # noqa: ASYNC251 - what this is about
        before = list(turns)
        await asyncio.sleep(0.01)
        return before, turns

    assert run(main()) == ([], [1])


def test_an_exception_that_is_asked_for_later():
    """Only what nobody can ask for any more is told, as asyncio does; WebLoop tells at once."""
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
        try:

            async def fail():
                raise ValueError("later")

            task = asyncio.create_task(fail())
            await asyncio.sleep(0.01)
            with pytest.raises(ValueError, match="later"):
                await task
            forgotten = loop.create_future()
            forgotten.set_exception(ValueError("never"))
            await asyncio.sleep(0.01)
            assert told == []
            del forgotten
        finally:
            loop.set_exception_handler(None)

    run(main())
    [message] = told
    assert message.endswith("Future exception was never retrieved")
