"""What the harness has to know about single handlers; most of them need nothing."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed

from taught.source import Taught

# A PNG of one pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Entry:
    """
    How a client talks to a handler.

    Attributes:
        opening: What it says first.
        says: What it says then, so that the handler does its work.
        path: The path of the URL.
        given: Arguments of the functions around the handler.
    """

    opening: tuple[str | bytes, ...] = ()
    says: tuple[str | bytes, ...] = ("x",)
    path: str = "/"
    given: dict[str, Any] = field(default_factory=dict)


def as_ada(connection: Any, request: Any) -> None:
    """Let everybody in, as Ada."""
    connection.user = "ada"


async def answers(ws: Any) -> None:
    """Say back what is said, to clients that vanish as well."""
    with contextlib.suppress(ConnectionClosed):
        async for message in ws:
            await ws.send(message)


JOIN = '{"type":"join","name":"Ada"}'
SAY = '{"type":"say","text":"Hello"}'

ENTRIES: dict[str, Entry] = {
    "02 send_and_receive": Entry(says=('{"message":"Hello"}', "Hello")),
    "03 upload": Entry(opening=('{"name":"a","size":1000000}',), says=(bytes(1000),)),
    "03 transpose": Entry(says=(b"\0\0\0\x1f" + b'{"dtype": "<i2", "shape": [1]}' + b" \0\0",)),
    "03 mirror": Entry(says=(PIXEL,)),
    "03 thermometer": Entry(says=(bytes(7),)),
    "04 parser": Entry(says=("{}", "{")),
    "04 hopeful": Entry(says=('{"name":"Ada"}',)),
    "04 greeter": Entry(says=('{"name":"Ada"}',)),
    "04b feed": Entry(opening=('{"after":0}',)),
    "04b count": Entry(says=('{"after":3}',)),
    "05 chat": Entry(opening=(JOIN,), says=(SAY,)),
    "05 strict_chat": Entry(opening=(JOIN,), says=(SAY,)),
    "05 versioned_chat": Entry(says=(SAY,)),
    "06 duplex": Entry(says=("hello",)),
    "06 adder": Entry(says=("1",)),
    "06 answerer": Entry(
        says=('{"id":1,"text":"x","seconds":0.001}', '{"id":2,"text":"x","seconds":30}')
    ),
    "06 room": Entry(path="/tea"),
    "06 chat": Entry(opening=(JOIN,), says=(SAY,)),
    "07 first_message": Entry(opening=("correct-horse-battery",)),
    "07 members_only": Entry(path="/tea", given={"gate": as_ada, "SESSION": 60}),
    "07 at_most.counted": Entry(given={"most": 100, "handler": answers}),
    "07 validating": Entry(says=('{"type":"move","x":3,"y":4}',)),
    "07 limited.handler": Entry(given={"clock": time.monotonic}),
    "08 prices": Entry(opening=('{"stream":null,"after":0}',)),
    "08 Bank.handler": Entry(says=('{"id":"1","amount":1}',)),
    "10 session.handler": Entry(given={"lifetime": 60, "clock": time.monotonic}),
    "10 guestbook": Entry(says=('{"text":"Hello"}',)),
    "11 keeping.handler": Entry(given={"seen": []}),
    "11 watched.watched_handler": Entry(given={"handler": answers, "patience": 30}),
}


@dataclass(frozen=True)
class Shown:
    """
    A handler that is shown as a mistake, or plays a faulty server.

    Attributes:
        words: What the notebook says about it.
        fails: The cases in which it must be at fault: it is tried in no others, and if there are
            none, in no case.
    """

    words: str
    fails: tuple[str, ...]


SHOWN: dict[str, Shown] = {
    "01 broken": Shown("Code `1011` means that the server failed", ("leaves", "stops")),
    "02 loudspeaker": Shown("is kept for it in the server's memory, without a limit", ("stalls",)),
    "04 parser": Shown("one such message ends a handler that expects `ValueError` only", ("junk",)),
    "04 deaf": Shown("This server reads nothing from its socket any more", ()),
    "04b hang_up": Shown("`hang_up` closes with the code that the path asks for", ()),
    "04b feed": Shown(
        "It is a *double*, a stand-in for a server, and trusts its client", ("junk",)
    ),
    "04b count": Shown("a double again that trusts its client", ("junk",)),
    "04 hang_up": Shown("This server closes with the code that the path asks for", ()),
    "13 hang_up": Shown("`hang_up` closes with the code that the path asks for", ()),
    "06 leaky_adder": Shown("three handlers are still there", ("leaves",)),
    "06 room": Shown("what a member does not read piles up in the server's memory", ("stalls",)),
    "06 leaver": Shown("A handler which waits for something else sees nothing.", ("stops",)),
    "06 tracked": Shown(
        "for ever, if one of them waits for something that never comes", ("stops",)
    ),
    "08 office": Shown("The other side is a *double* that trusts its client", ("junk",)),
    "10 first-server guestbook": Shown("an entry that has no text? The client below", ("junk",)),
    "10 mend guestbook": Shown("which the handler above does not catch", ("junk",)),
    "04 hopeful": Shown("It checks the syntax of a message, and then hopes.", ("junk",)),
}
# Handlers that let ConnectionClosed out when a client vanishes, as `async for` and `send()` raise
# it. Under bare websockets that is a traceback in the log; chapter 02 shows how to keep it out.
LETS_IT_OUT: set[str] = {
    "02 count",
    "03 binary_data",
    "03 collect",
    "03 mirror",
    "03 thermometer",
    "03 transpose",
    "04 greeter",
    "04 slow",
    "04 text_only",
    "05 chat",
    "05 strict_chat",
    "05 versioned_chat",
    "06 dropper",
    "06 host",
    "06 publisher",
    "07 first_message",
    "07 members_only",
    "07 limited.handler",
    "07 listen",
    "07 validating",
    "08 Bank.handler",
    "08 gets_stuck",
    "08 mailbox",
    "08 prices",
    "10 guestbook",
    "10 session.handler",
    "12 shout",
}

# Written with one parameter ws, but the other side: a client's part.
CLIENT_SIDE = {
    "02 send_steadily",
    "06 compare.read_all",
    "06 compare.read_late",
    "06 read_when_allowed",
    "08 LastingClient.converse",
    "11 watched.watch",  # a task beside a handler
}


@dataclass(frozen=True)
class Client:
    """
    How a client of the notebooks is called.

    Attributes:
        call: Names of the notebook and URL in; what it returns, or a coroutine, out.
        given: What replaces names of its notebook, by the URL.
    """

    call: Callable[[dict[str, Any], str], Any]
    given: Callable[[str], dict[str, Any]] = lambda url: {}


def server_at(name: str) -> Callable[[str], dict[str, Any]]:
    """Let a client that knows its server by name have another one."""
    return lambda url: {name: types.SimpleNamespace(url=url)}


async def no_pause(seconds: float) -> None:
    """Take the place of a pause."""


T = TypeVar("T")


def look_up(table: Mapping[str, T], taught: Taught, default: T | None = None) -> T | None:
    """What a table has for this one of several, or for all of its name."""
    return table.get(taught.place, table.get(taught.key, default))


CLIENTS: dict[str, Client] = {
    "01 attempt": Client(lambda names, url: names["attempt"](url)),
    "01 client": Client(lambda names, url: names["client"]("Ada"), server_at("server")),
    "13 main": Client(lambda names, url: names["main"](), server_at("echo_server")),
    "04 attempt": Client(lambda names, url: names["attempt"](url, "hello")),
    "04 closing": Client(lambda names, url: names["closing"](1000), server_at("hang_up_server")),
    "04b verdict": Client(lambda names, url: names["verdict"](url, "a case")),
    "04b follow": Client(lambda names, url: names["follow"](url, random.Random(4), no_pause)),
    "05 speak": Client(lambda names, url: names["speak"](None), server_at("versioned_server")),
    "06 Caller": Client(lambda names, url: asked(names, url)),
    "07 knock": Client(lambda names, url: names["knock"](url)),
    "07 present": Client(lambda names, url: names["present"](url, "hello")),
    "08 measure": Client(lambda names, url: names["measure"](url, 3)),
    "08 be_quiet": Client(lambda names, url: names["be_quiet"](url)),
    "08 catch_up": Client(lambda names, url: names["catch_up"](url, names["Replica"]())),
    "08 pay": Client(lambda names, url: names["pay"](url, {"id": "1", "amount": 1}, 2)),
    "10 sign": Client(lambda names, url: names["sign"](url, "Hello")),
}


async def asked(names: dict[str, Any], url: str) -> list[Any]:
    """What three questions at once bring."""
    async with names["connect"](url) as ws:
        caller = names["Caller"](ws)
        try:
            return await asyncio.gather(*[caller.ask(text) for text in ("one", "two", "three")])
        finally:
            await ws.close()
            await asyncio.wait([caller.reader], timeout=1)


# Clients that are no subject of their own: they measure or play against one certain server.
OWN_SERVER = {
    "01 EventClient",  # through its subclass Hello, in another cell
    "04b survive",  # goes on for ever by design, as its notebook says
    "06 compare",
    "02 logged",
    "07 visit",
    "09b Person",
    "09b Person.__aenter__",
    "09b converse",
    "09b turned_away",
    "11 Reader",
    "11 idle_through",
    "11 stay",
    "11 stop_reading",
    "11 stop_through",
    "11 through_nginx",
    "11 turned_away",
    "08 notice",
    "08 last",  # stays connected for ever by design
    "08 lose_ten",
    "09 open_websocket",
    "09 open_clients",
    "09 memory_of",
}
