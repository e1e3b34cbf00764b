"""Exercise 7.1: Whose page is it?"""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_OWN: Final = "https://course.example"

_FOREIGN: Final = (
    "https://evil.example",
    "http://course.example",
    "https://course.example.evil.example",
    "https://evil.course.example",
    "https://evil.example/https://course.example",
    "https://notcourse.example",
    "https://course-example",
    "https://course.example:8443",
    "http://localhost",
    "http://localhost:8888",
    "http://127.0.0.1:8888",
    "null",
    "",
)


def _expect_welcome(client: Client, whose: str) -> None:
    for message in ("hello", "and again"):
        client.send(message)
        client.expect_text(message, f"{whose} should get its message back")


@rule("pages of `https://course.example` may talk to it")
def _own_page(answer: Any) -> None:
    with answering(answer, origins=None) as server:
        for _ in range(2):
            with server.client(origin=_OWN) as client:
                _expect_welcome(client, f"a page from {_OWN}")


@rule("clients that send no `Origin`, such as Python")
def _no_origin(answer: Any) -> None:
    with answering(answer, origins=None) as server, server.client() as client:
        _expect_welcome(client, "a client without an Origin")


@rule("Any other page is refused with code 1008")
def _foreign_page(answer: Any) -> None:
    with answering(answer, origins=None) as server:
        for origin in _FOREIGN:
            with server.client(origin=origin) as client:
                client.send("hello")
                client.expect_close(1008, f"a page from {origin or 'nowhere'} should be refused")


EXERCISE = Exercise(
    id="7.1",
    title="Whose page is it?",
    task=(
        "Complete the condition. `doorkeeper(ws)` runs on a server with `origins=None`, so it has "
        "to look for itself: pages of `https://course.example` may talk to it, and clients that "
        "send no `Origin`, such as Python. Any other page is refused with code 1008."
    ),
    name="doorkeeper",
    starter="""
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if ...:
        await ws.close(1008, "foreign page")
        return
    async for message in ws:
        await ws.send(message)
""",
    hints=(
        "What does `headers.get()` return when there is no such header?",
        "An origin is scheme, host and port together. Looking for a part of it, or for how it "
        "begins, lets in `https://course.example.evil.example`.",
        'It is refused if it is not in the tuple `(None, "https://course.example")`.',
    ),
    solution="""
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, "https://course.example"):
        await ws.close(1008, "foreign page")
        return
    async for message in ws:
        await ws.send(message)
""",
    explanation=(
        "Origins are compared whole: another scheme, host or port is another origin. On a server "
        'of your own, `origins=[None, "https://course.example"]` does this during the handshake, '
        "and the page never gets a connection."
    ),
    rules=(_own_page, _no_origin, _foreign_page),
    minutes=5,
    difficulty=1,
    needs="Any page may knock",
)
