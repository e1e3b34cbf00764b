"""What blocks is found out where the judge shares a thread with it."""

import time

import pytest

import wslab
from wslab.exercises._judge import Finding, answering


def test_a_handler_that_blocks_for_milliseconds():
    """No more than a busy machine leaves of a longer sleep."""

    async def blocks(ws):
        async for message in ws:
            time.sleep(0.004)  # noqa: ASYNC251
            await ws.send(message)

    with answering(blocks) as server, pytest.raises(Finding, match="it blocks"):
        server.expect_no_blocking("hello")


def test_a_handler_that_awaits():
    """It computes, and no more."""
    with answering(wslab.handlers.echo) as server:
        server.expect_no_blocking("hello")
