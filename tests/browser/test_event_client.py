"""``EventClient`` of notebook 01 tells the same as Chromium, event by event."""

from __future__ import annotations

import asyncio
import concurrent.futures
from pathlib import Path
from typing import Any

import nbformat
import pytest
from interop import ends, engines

from .conftest import SECONDS

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_client_send_receive.ipynb"


@pytest.fixture(scope="module")
def event_client() -> type[Any]:
    """The class, as the notebook defines it."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    source = {cell.id: cell.source for cell in cells}
    names: dict[str, Any] = {}
    exec("from websockets.asyncio.client import connect as connect_async", names)
    exec("from websockets.exceptions import ConnectionClosed", names)
    exec(source["events-client"], names)
    return names["EventClient"]  # type: ignore[no-any-return]


def listen(event_client: type[Any], url: str) -> list[object]:
    """What it tells until the end."""
    events: list[object] = []

    class Listener(event_client):  # type: ignore[misc]
        async def onopen(self) -> None:
            pass

        async def onmessage(self, data: str | bytes) -> None:
            pass

        async def onerror(self, error: Exception) -> None:
            events.append("error")

        async def onclose(self, code: int, reason: str, clean: bool) -> None:
            events.append(["close", code, reason, clean])

    async def main() -> None:
        async with asyncio.timeout(SECONDS):
            await Listener(url).run()

    # Playwright keeps a loop running on this thread.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(main())).result()
    return events


@pytest.mark.parametrize("case", [*ends.CASES, *ends.OTHERS])
def test_as_in_chromium(case: str, event_client: type[Any], engine: engines.Engine) -> None:
    """The same events with the same code, reason and wasClean, however the server ends it."""
    with ends.server(case) as url:
        assert listen(event_client, url) == engine.run(ends.LISTEN, url, ends.PATIENCE)
