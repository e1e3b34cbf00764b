"""Each handler of the notebooks, run under bare ``websockets`` with clients that are no friends."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any

import nbformat
import pytest
from taught import source
from taught.bench import LIMIT, Bench, bench, only_says_gone
from taught.cases import CASES, png
from taught.catalogue import CLIENT_SIDE, ENTRIES, LETS_IT_OUT, SHOWN, Entry, look_up
from taught.source import Taught

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

HANDLERS = [one for one in source.everything() if source.is_handler(one)]
# Those of 09 and 09b are run under load by their own tests, such as test_processes_lesson.py.
SERVED = [
    one for one in HANDLERS if one.key not in CLIENT_SIDE and not one.notebook.startswith("09")
]


def cases_of(handler: Taught) -> list[str]:
    """The cases in which a handler is tried."""
    shown = look_up(SHOWN, handler)
    return list(CASES) if shown is None else list(shown.fails)


def on_bench(handler: Taught, name: str) -> Coroutine[Any, Any, tuple[Bench, list[str]]]:
    """A case with a handler, to be awaited: the bench, and the problems."""
    entry = look_up(ENTRIES, handler) or Entry()
    names = source.namespace(handler, **entry.given)
    function = source.find(handler, names)

    async def run() -> tuple[Bench, list[str]]:
        async with bench(
            function,
            options=source.options(handler, names)[0],
            path=entry.path,
            opening=list(entry.opening),
            says=list(entry.says),
        ) as made:
            return made, await CASES[name](made)

    return run()


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        pytest.param(handler, name, id=f"{handler}-{name}")
        for handler in SERVED
        for name in cases_of(handler)
    ],
)
def test_handler(handler: Taught, name: str) -> None:
    """Nothing is left, logged or piled up by a handler that is shown as good practice."""
    made, problems = asyncio.run(on_bench(handler, name))
    if name == "vanishes" and handler.key in LETS_IT_OUT:
        loops = any(isinstance(node, source.ast.AsyncFor) for node in source.ast.walk(handler.node))
        gone = [raised for raised in made.raised if only_says_gone(raised)]
        assert gone or not loops, "it lets nothing out: take it from LETS_IT_OUT"
        problems = made.errors(gone_is_fine=True)
    if look_up(SHOWN, handler):
        assert problems, "it is no longer at fault: take it from the table"
    elif problems:
        lines = [f"{handler} with a client that {name}:", *dict.fromkeys(problems)]
        pytest.fail("\n".join(lines[:8]), pytrace=False)


@pytest.mark.parametrize("key", SHOWN)
def test_notebook_says_what_is_wrong_with_it(key: str) -> None:
    """A handler that is shown as a mistake is called one, in the words that the table quotes."""
    number, _, _ = key.partition(" ")
    [path] = [path for path in source.NOTEBOOKS if source.number(path) == number]
    text = " ".join(
        " ".join(cell.source.split())
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    assert SHOWN[key].words in text


def test_tables_name_handlers_that_are_there() -> None:
    """Nothing in the tables is left over from a handler that has gone."""
    known = {name for one in source.everything() for name in (one.key, one.place)}
    tables = {*ENTRIES, *SHOWN, *LETS_IT_OUT, *CLIENT_SIDE}
    assert tables - known == set()
    assert LETS_IT_OUT & set(SHOWN) == set()


def test_no_handler_is_overlooked() -> None:
    """Sixty and more are found, in every notebook that has some."""
    assert len(SERVED) >= 50
    assert {handler.notebook for handler in SERVED} >= {"00", "01", "02", "03", "04", "05", "06"}


def test_a_small_file_is_refused_that_is_a_large_picture() -> None:
    """Notebook 03's mirror looks at the size of a picture before it unpacks 81 million pixels."""
    [mirror] = [handler for handler in SERVED if handler.key == "03 mirror"]
    large = png(9_000, 9_000)
    assert len(large) < 20_000

    async def answers() -> list[str | bytes]:
        async with bench(source.find(mirror, source.namespace(mirror))) as made:
            ws = await made.open()
            async with asyncio.timeout(LIMIT):
                found = []
                for picture in large, png(8, 8):
                    await ws.send(picture)
                    found.append(await ws.recv())
            await ws.close()
            return found

    refused, mirrored = asyncio.run(answers())
    assert refused == "Error: a message is a PNG picture of at most 1,000,000 pixels"
    assert mirrored[:4] == b"\x89PNG"


# --- Handshakes ---------------------------------------------------------------------------------

# The part of the request that is strange; the rest of it is right.
STRANGE: dict[str, tuple[str, list[str]]] = {
    "two Cookie headers": ("/", ["Cookie: a=b", "Cookie: session=x"]),
    "two Authorization headers": ("/", ["Authorization: Bearer a", "Authorization: Bearer b"]),
    "an odd cookie": ("/", ['Cookie: a[b]=c; {"x":1}; =; session="x']),
    "letters beyond ASCII": ("/", ["Cookie: session=\xff\xfe", "Authorization: Bearer \xe9"]),
    "brackets in the path": ("//[?token=a", []),
    "two tokens": ("/?token=a&token=b", []),
    "a path that is none": ("*", []),
    "bytes in the query": ("/?token=%ff%00", []),
    "two Origin headers": ("/", ["Origin: http://a", "Origin: http://b"]),
    "subprotocols": ("/", ["Sec-WebSocket-Protocol: a, token., token.\xe9"]),
}


def guards(handler: Taught) -> list[dict[str, Any]]:
    """The options with which the notebook runs a handler behind a function of its own."""
    if handler.outer or look_up(SHOWN, handler):
        return []
    names = source.namespace(source.at_the_end(handler))
    return [
        options
        for options in source.options(handler, names)
        if any(
            inspect.isfunction(value) and value.__module__ == "taught" for value in options.values()
        )
    ]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    ("handler", "options"),
    [
        pytest.param(handler, options, id=f"{handler}-{number}")
        for handler in SERVED
        for number, options in enumerate(guards(handler))
    ],
)
def test_strange_request(handler: Taught, options: dict[str, Any], strange: str) -> None:
    """Whatever a request holds, the answer is a status below 500, and no traceback is logged."""
    path, headers = STRANGE[strange]

    names = source.namespace(handler)

    async def answered() -> tuple[bytes, list[str]]:
        async with bench(names[handler.name], options=options) as made:
            _, port = made.server.sockets[0].getsockname()
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                lines = [
                    f"GET {path} HTTP/1.1",
                    "Host: 127.0.0.1",
                    "Upgrade: websocket",
                    "Connection: Upgrade",
                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                    "Sec-WebSocket-Version: 13",
                    *headers,
                    "\r\n",
                ]
                writer.write("\r\n".join(lines).encode("latin-1"))
                status = await reader.readline()
                writer.close()
                await writer.wait_closed()
            return status, made.errors(gone_is_fine=True)

    status, errors = asyncio.run(answered())
    assert errors == []
    assert status.startswith(b"HTTP/1.1 ")
    assert status[9:10] != b"5"
