"""Where it all goes in the standard library, and wslab on top of it."""

import asyncio
import importlib
import time

import pytest
from websockets.sync.client import connect

import wslab


def test_sleep():
    """As long as it says."""
    began = time.monotonic()
    time.sleep(0.03)
    assert 0.025 < time.monotonic() - began < 1
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


def test_asyncio_run():
    """In a cell, with and without the packages that allow it elsewhere."""
    wslab.allow_asyncio_run()
    importlib.import_module("nest_asyncio").apply()
    assert asyncio.run(asyncio.sleep(0.001, "done")) == "done"


def test_wslab_and_the_blocking_client():
    """Server, client, transcript; nothing of them is changed."""
    with wslab.serve(wslab.handlers.echo) as server:
        with connect(server.url) as ws:
            ws.send("one")
            assert ws.recv(timeout=5) == "one"
            with pytest.raises(TimeoutError):
                ws.recv(timeout=0.02)
        assert wslab.talk(server.url, "a", b"b") == ["a", b"b"]
        server.transcript.wait(kind="close", count=4)
        assert len(server.transcript.filter(kind="text")) == 4


def test_running_a_cell_again_keeps_the_port():
    """A second handle of the listening socket goes to the server that takes over."""
    first = wslab.serve(wslab.handlers.echo, name="again")
    port = first.port
    second = wslab.serve(wslab.handlers.echo, name="again")
    assert second.port == port
    assert wslab.talk(second.url, "hello") == ["hello"]
    second.stop()


def test_a_message_that_is_refused_while_it_is_sent():
    """abort() after the end of a transport that was closed with data left to send does nothing."""

    class Server(asyncio.Protocol):
        def connection_made(self, transport):
            transport.write_eof()

    class Client(asyncio.Protocol):
        def connection_made(self, transport):
            transport.write(bytes(2**20))

        def connection_lost(self, exc):
            lost.set_result(exc)

    async def main():
        nonlocal lost
        loop = asyncio.get_running_loop()
        lost = loop.create_future()
        server = await loop.create_server(Server, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        transport, _ = await loop.create_connection(Client, *address)
        assert await asyncio.wait_for(lost, 10) is None
        transport.abort()
        server.close()

    lost = None
    asyncio.run(main())
