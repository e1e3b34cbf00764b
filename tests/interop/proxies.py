"""
Asks four proxies what they do to WebSockets, and writes docs/proxies.md: part of ``make atlas``.

    cd tests && python -m interop.proxies

Their idle limits are those that they have by default, so it takes a minute and a half.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import time
from collections.abc import Mapping
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from .atlas import grouped, report
from .proxy_programs import PROGRAMS, version
from .proxy_questions import QUESTIONS, client, meeting

PAGE = Path(__file__).parents[2] / "docs" / "proxies.md"

LONG = 70.0
"""Seconds after which a connection that is still open counts as open for ever."""

IDLE = "nobody says anything"
SETTING = "which setting decides"
PINGS = {
    "the server sends a PING every 20 s": "server",
    "the client sends a PING every 20 s": "client",
}
SHORT = {
    "nginx": ("`proxy_read_timeout 2s`", "proxy_read_timeout 2s;"),
    "HAProxy": ("`timeout tunnel 2s`", "timeout tunnel 2s"),
    "Apache": ("`Timeout 2`", "Timeout 2"),
}


async def idle(name: str, who: str = "", more: str = "", seconds: float = LONG) -> str:
    """How a connection ends on which nobody says anything, but maybe PINGs."""
    options = {"ping_interval": 20 if who == "server" else None}
    async with (
        meeting(name, settings={"more": more}, **options) as m,
        client(m, ping_interval=20 if who == "client" else None) as ws,
    ):
        began = time.monotonic()
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            await asyncio.wait_for(ws.recv(), seconds)
        took = time.monotonic() - began
        ended = await m.ends(ws, 2 if took < seconds else 0.01)
    return "open" if ended == "open" else f"cut after {took:.0f} s: {ended}"


async def limits() -> dict[str, dict[str, str]]:
    """All idle limits at the same time: it is all waiting."""
    asked: dict[tuple[str, str], asyncio.Task[str]] = {}
    async with asyncio.TaskGroup() as tasks:
        for name in PROGRAMS:
            asked[name, IDLE] = tasks.create_task(idle(name))
            for words, who in PINGS.items():
                asked[name, words] = tasks.create_task(idle(name, who))
            if name in SHORT:
                _, more = SHORT[name]
                asked[name, "short"] = tasks.create_task(idle(name, more=more, seconds=6))
    told: dict[str, dict[str, str]] = {name: {} for name in PROGRAMS}
    for (name, question), task in asked.items():
        words = task.result()
        if question == "short":
            question, words = SETTING, f"{SHORT[name][0]}: {words}"
        told[name][question] = words
    for answers in told.values():
        answers.setdefault(SETTING, "none is needed")
    return told


async def ask() -> dict[str, dict[str, str]]:
    """What each proxy does."""
    waiting = asyncio.create_task(limits())
    told: dict[str, dict[str, str]] = {name: {} for name in PROGRAMS}
    for name, answers in told.items():
        report(name)
        for words, question in QUESTIONS.items():
            async with asyncio.timeout(60):
                answers[words] = await question(name)
    report("idle limits")
    first = await waiting
    return {name: {**first[name], **told[name]} for name in PROGRAMS}


def page(answers: Mapping[str, Mapping[str, str]]) -> str:
    """The whole page."""
    versions = ", ".join(f"{name} {version(name)}" for name in PROGRAMS)
    introduction = INTRODUCTION.format(date=datetime.date.today(), versions=versions, long=LONG)
    return f"{introduction}\n\n{grouped(answers, 'what happens')}\n"


INTRODUCTION = """\
# Atlas of proxies

What a proxy does to the WebSocket connections that pass through it. `make atlas` starts each of the
four on loopback, in front of a `websockets` server, with the few lines that it needs
(`tests/interop/proxy_programs.py`) and Debian's numbers, asks all of them again, and writes this
page. Codes are what `close_code` says at both ends; 1006 is a connection that ended without CLOSE.
What is open after {long:.0f} s counts as open.

Asked on {date} on Debian 12: {versions}."""


if __name__ == "__main__":
    begin = time.monotonic()
    PAGE.write_text(page(asyncio.run(ask())), encoding="utf-8")
    report(f"{PAGE.name} is written; it took {time.monotonic() - begin:.0f} s")
