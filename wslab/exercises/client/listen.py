"""Exercise 1.3: Events, as in a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, Play, awkward, play, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_LOST = 1006
"""What stands for the end without a CLOSE frame (RFC 6455 §7.1.5)."""

_AWKWARD = ("", "again", "again", b"bytes", awkward.TEXTS["quotes"], "last")


class _Page:
    """What a page would have: two callbacks, which write down how they are called."""

    def __init__(
        self,
        answer: Any,
        messages: Sequence[str | bytes],
        code: int,
        reason: str,
        pause: float = 0.0,
    ) -> None:
        self.pause = pause
        self.calls: list[tuple[Any, ...]] = []
        self.heard = threading.Semaphore(0)
        self.played: Play
        self.messages, self.code, self.reason = messages, code, reason
        how = "cuts the TCP connection" if code == _LOST else f"sends CLOSE {code} {reason!r}"
        quiet = f", {pause} s of silence" if pause else ""
        self.called = f"{', '.join(map(show, messages))}{quiet}, then the server {how}"
        self.played = play(answer, self.serve, self.onmessage, self.onclose, called=self.called)

    async def serve(self, ws: ServerConnection) -> None:
        """Send all messages, then end the connection."""
        for message in self.messages:
            await ws.send(message)
        await asyncio.sleep(self.pause)
        await self.end(ws)

    async def end(self, ws: ServerConnection) -> None:
        """End it as it is to end."""
        if self.code == _LOST:
            await (await ws.ping())  # the client has read what was sent
            ws.transport.abort()
        else:
            await ws.close(self.code, self.reason)

    def onmessage(self, *arguments: Any) -> None:
        """Called by the learner's code."""
        self.calls.append(("onmessage", *arguments))
        self.heard.release()

    def onclose(self, *arguments: Any) -> None:
        """Called by the learner's code."""
        self.calls.append(("onclose", *arguments))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        """The calls of one of them."""
        return [call for call in self.calls if call[0] == name]

    def expected(self) -> str:
        """All calls that are due, in words."""
        calls = [f"onmessage({show(message)})" for message in self.messages]
        return ", ".join([*calls, f"onclose({self.code}, {self.reason!r})"])

    def got(self) -> str:
        """The calls that came, in words."""
        calls = [f"{name}({', '.join(map(show, given))})" for name, *given in self.calls]
        return ", ".join(calls) or "no call"


class _SlowPage(_Page):
    """A page whose server waits for each message to be heard before it sends the next one."""

    held_back = False

    async def serve(self, ws: ServerConnection) -> None:
        for message in self.messages:
            await ws.send(message)
            if not await asyncio.to_thread(self.heard.acquire, timeout=REPLY_TIMEOUT / 2):
                self.held_back = True
                break
        await self.end(ws)


@rule("calls `onmessage(data)` for each message")
def _each_message(answer: Any) -> None:
    for messages, pause in ((("first", "second"), 0.0), (_AWKWARD, 0.3)):
        page = _Page(answer, messages, 1000, "bye", pause)
        page.played.returned(page.expected())
        due = [("onmessage", message) for message in messages]
        if not same(page.of("onmessage"), due):
            raise page.played.finding("the calls are others", page.expected(), page.got())


@rule("as it comes")
def _as_it_comes(answer: Any) -> None:
    page = _SlowPage(answer, ("first", "second"), 1000, "bye")
    if page.held_back and page.of("onmessage"):
        problem = "the call came after the end only: a page would show nothing until then"
        raise page.played.finding(problem, page.expected(), page.got())


@rule("and then")
def _then(answer: Any) -> None:
    page = _Page(answer, ("first", "second", "third"), 1000, "bye")
    if page.of("onclose") and page.calls[-1][0] != "onclose":
        raise page.played.finding("`onmessage` came after `onclose`", page.expected(), page.got())


@rule("exactly once")
def _exactly_once(answer: Any) -> None:
    for code in (1000, 4001):
        page = _Page(answer, ("first", "second"), code, "bye")
        if code == 1000 and page.played.failure:
            return  # another rule tells about that
        page.played.returned(page.expected())
        if (count := len(page.of("onclose"))) != 1:
            times = {0: "not at all", 2: "twice"}.get(count, f"{count} times")
            raise page.played.finding(f"it was called {times}", page.expected(), page.got())


@rule("`onclose(code, reason)`")
def _code_and_reason(answer: Any) -> None:
    for code, reason in [(1000, "bye"), (1001, ""), (4001, awkward.TEXTS["quotes"])]:
        page = _Page(answer, ("only",), code, reason)
        if page.of("onclose") and not same(page.of("onclose")[0], ("onclose", code, reason)):
            raise page.played.finding("it got something else", page.expected(), page.got())


@rule("If the connection is lost without a CLOSE frame")
def _lost(answer: Any) -> None:
    page = _Page(answer, ("before the cut",), _LOST, "")
    page.played.returned(page.expected())
    if page.of("onclose") and not same(page.of("onclose")[-1], ("onclose", _LOST, "")):
        raise page.played.finding("`onclose` got something else", page.expected(), page.got())
    if not page.of("onclose"):
        raise page.played.finding("`onclose` was not called", page.expected(), page.got())


EXERCISE = Exercise(
    id="1.3",
    title="Events, as in a browser",
    task=(
        "Write `listen(url, onmessage, onclose)`, blocking or `async`: it calls `onmessage(data)` "
        "for each message, as it comes, and then, exactly once, `onclose(code, reason)`. If the "
        "connection is lost without a CLOSE frame, that is `onclose(1006, '')`."
    ),
    name="listen",
    starter="""
from websockets.asyncio.client import connect as connect_async


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        async for message in ws:
            ...
""",
    hints=(
        "The loop ends by itself for 1000 and 1001, and raises `ConnectionClosedError` otherwise.",
        "After the end, `ws.close_code` and `ws.close_reason` hold what `onclose` needs.",
        "`close_code` is 1006 and `close_reason` is '' when no CLOSE frame came: one call for all.",
    ),
    solution="""
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
""",
    explanation=(
        "`onclose` stands after the `with` block, so there is one place for every way to end, "
        "and it is called when the connection is really closed."
    ),
    rules=(
        _each_message,
        _as_it_comes,
        _then,
        _exactly_once,
        _code_and_reason,
        _lost,
    ),
    minutes=15,
    difficulty=2,
    needs="The browser's way: events",
)
