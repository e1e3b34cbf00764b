"""The other side of exercise 4.6: a server of numbered messages, which fails as it is told."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab import faults
from wslab.exercises._judge import REPLY_TIMEOUT, Pause, Play, awkward, play, show

__all__ = ["EVERYTHING", "TEXTS", "Ending", "Feed", "Story", "tell"]

TEXTS: Final = {
    3: "first",
    7: "",
    8: "same",
    9: "same",
    20: awkward.TEXTS["quotes"],
    21: "0",
    30: awkward.TEXTS["other scripts"],
}
"""All messages by their numbers, which grow, but not by one."""

Ending: TypeAlias = tuple[int, int | str]
"""
How many messages a connection brings, and how it ends.

That is by a close code, lost (1006), refused with a status, or by a fault whose name is in
:data:`_FAULTS`.
"""

_FAULTS: Final = {
    "cut": "TCP is cut in the middle of the handshake",
    "wrong key": "the handshake is answered for another key",
    "too big": "a message that is too big, and the client closes with 1009",
}

EVERYTHING: Final[Ending] = (len(TEXTS), 1000)
_ENOUGH: Final[Ending] = (0, 403)


class Feed:
    """
    The server; it goes on where it was, whatever it is asked for.

    So a client that asks for the wrong thing is told about that by one rule, not by all.

    Args:
        endings: One for each connection. The next one after these gets all the rest and 1000, and
            those after it are refused.
    """

    def __init__(self, endings: Sequence[Ending]) -> None:
        self.endings = [*endings, EVERYTHING]
        self.connections = 0
        self.first: list[str | bytes | None] = []
        self.left = list(TEXTS)

    def _ending(self) -> Ending:
        """How the connection ends that is there now."""
        return (self.endings[max(self.connections - 1, 0) :] or [_ENOUGH])[0]

    async def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        """Refuse the handshake, if it is to be refused."""
        self.connections += 1
        _, how = self._ending()
        if how == "cut":
            await faults.abort(ws, request)
        elif isinstance(how, int) and how < 1000:
            return ws.respond(how, "")
        return None

    def process_response(self, ws: ServerConnection, request: Request, response: Response) -> None:
        """Spoil the handshake, if it is to be spoiled."""
        if self._ending()[1] == "wrong key":
            faults.wrong_accept(ws, request, response)

    async def handler(self, ws: ServerConnection) -> None:
        """Hear what the client asks for, send what is left, and end as told."""
        count, how = self._ending()
        try:
            async with asyncio.timeout(REPLY_TIMEOUT / 2):
                self.first.append(await ws.recv())
        except TimeoutError:
            self.first.append(None)  # it has said nothing; it is served all the same
        for _ in range(min(count, len(self.left))):
            number = self.left.pop(0)
            await ws.send(json.dumps({"number": number, "text": TEXTS[number]}))
        if how == "too big":
            await faults.message_too_big(ws)
        elif how == 1006:
            await (await ws.ping())  # the client's library has read what was sent
            ws.transport.abort()
        elif isinstance(how, int):
            await ws.close(how)


@dataclasses.dataclass(frozen=True)
class Story:
    """What came of it when a client met such a server."""

    endings: list[Ending]
    delays: list[float]
    feed: Feed
    pause: Pause
    played: Play

    @property
    def texts(self) -> list[str]:
        """The texts that a right client has at the end."""
        return list(TEXTS.values())[: sum(count for count, _ in self.endings)]

    @property
    def complete(self) -> bool:
        """Whether the server said that it was all."""
        return self.endings[-1][1] == 1000

    @property
    def expected(self) -> str:
        """What a right client returns, in words."""
        return show((self.texts, self.complete))

    def pair(self) -> tuple[list[Any], Any] | None:
        """What was returned; None for anything but two things, the first a list."""
        result = self.played.result
        if isinstance(result, tuple | list) and len(result) == 2:
            texts, complete = result
            return (list(texts), complete) if isinstance(texts, list | tuple) else None
        return None


def _in_words(number: int, ending: Ending) -> str:
    count, how = ending
    what = f"CLOSE {how}"
    if isinstance(how, str):
        what = _FAULTS[how]
    elif how < 1000:
        what = f"status {how}"
    elif how == 1006:
        what = "TCP is cut"
    messages = f"{count} message{'s' * (count != 1)}, then " if count else ""
    return f"connection {number}: {messages}{what}"


def tell(answer: Any, endings: Sequence[Ending], delays: Sequence[float]) -> Story:
    """Let the learner's client meet a server whose connections end in these ways."""
    feed, pause = Feed(endings), Pause()
    words = "; ".join(_in_words(number, ending) for number, ending in enumerate(endings, 1))
    played = play(
        answer,
        feed.handler,
        list(delays),
        pause,
        called=f"catch_up(url, {list(delays)}, pause); {words}",
        process_request=feed.process_request,
        process_response=feed.process_response,
    )
    return Story(list(endings), list(delays), feed, pause, played)
