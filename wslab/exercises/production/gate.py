"""Exercise 11.1: Alive, and ready."""

from __future__ import annotations

import http.client
import types
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    Finding,
    Server,
    answering,
    call,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


_TIMEOUT: Final = 5.0


async def _idle(ws: ServerConnection) -> None:
    await ws.wait_closed()


def _ask(answer: Any, path: str, *, upgrade: bool = False, **state: bool) -> tuple[int, str]:
    """Ask a server with the learner's gate, whose state changed after it was made."""
    flags = types.SimpleNamespace(ready=not state["ready"], closing=not state["closing"])
    process_request = call(answer, flags, timeout=CLIENT_TIMEOUT)
    flags.ready, flags.closing = state["ready"], state["closing"]
    with answering(_idle, process_request=process_request) as server:
        return _get(server, path, upgrade)


def _get(server: Server, path: str, upgrade: bool) -> tuple[int, str]:
    headers = {}
    if upgrade:
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
    port = server.background.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.close()  # else the connection stays open until it is collected
        return response.status, f"{response.status} {response.reason}"
    except OSError as exc:
        got = f"{type(exc).__name__}: {exc}"
        problem = "no answer came"
        raise Finding(problem, sent=f"GET {path}", expected="a response", got=got) from None
    finally:
        connection.close()


def _expect(answer: Any, wanted: int, problem: str, path: str, **state: bool) -> None:
    status, got = _ask(answer, path, **state)
    if status != wanted:
        words = ", ".join(f"state.{name} = {state[name]}" for name in ("ready", "closing"))
        kind = "handshake" if state.get("upgrade") else "request"
        raise Finding(problem, sent=f"{kind} GET {path}; {words}", expected=str(wanted), got=got)


@rule("`/healthz` is answered with 200 in any case")
def _alive(answer: Any) -> None:
    for ready, closing in ((True, False), (False, False), (False, True)):
        problem = "a server that runs is alive, whatever else it is"
        _expect(answer, 200, problem, "/healthz", ready=ready, closing=closing)


@rule("`/readyz` with 200 while `state.ready` is true")
def _ready(answer: Any) -> None:
    for closing in (False, True):
        _expect(answer, 200, "it is ready now", "/readyz", ready=True, closing=closing)


@rule("and with 503 while it is not")
def _not_ready(answer: Any) -> None:
    _expect(answer, 503, "it is not ready now", "/readyz", ready=False, closing=False)


_PATHS: Final = ("/", "/chat?room=tea", "/healthz/more")


@rule("All other requests go on to the handshake")
def _others(answer: Any) -> None:
    for path in _PATHS:
        problem = "this is a client that wants to come in"
        _expect(answer, 101, problem, path, upgrade=True, ready=False, closing=False)


@rule("but while `state.closing` is true they get 503")
def _closing(answer: Any) -> None:
    for ready in (False, True):
        for path in _PATHS:
            problem = "the server is leaving: nobody new comes in"
            _expect(answer, 503, problem, path, upgrade=True, ready=ready, closing=True)


@rule("Both flags may change at any time")
def _changes(answer: Any) -> None:
    flags = types.SimpleNamespace(ready=True, closing=False)
    process_request = call(answer, flags, timeout=CLIENT_TIMEOUT)
    with answering(_idle, process_request=process_request) as server:
        for ready, closing in ((True, True), (True, False), (False, False), (True, False)):
            flags.ready, flags.closing = ready, closing
            for path in ("/", "/readyz"):
                wanted, _ = _ask(answer, path, upgrade=True, ready=ready, closing=closing)
                status, got = _get(server, path, upgrade=True)
                if status != wanted:
                    problem = "it has been otherwise before, and the gate goes on as it was then"
                    sent = f"GET {path}; now state.ready = {ready}, state.closing = {closing}"
                    raise Finding(problem, sent=sent, expected=str(wanted), got=got)


EXERCISE = Exercise(
    id="11.1",
    title="Alive, and ready",
    task=(
        "Write `gate(state)`. It returns a function for the option `process_request` of `serve()`. "
        "`/healthz` is answered with 200 in any case, `/readyz` with 200 while `state.ready` is "
        "true, and with 503 while it is not. All other requests go on to the handshake, but while "
        "`state.closing` is true they get 503. Both flags may change at any time."
    ),
    name="gate",
    starter="""
def gate(state):
    def process_request(ws, request):
        # your code
        ...

    return process_request
""",
    hints=(
        "`request.path` says what is asked for. What `process_request` returns is the answer; if "
        "it returns nothing, the handshake goes on.",
        '`ws.respond(200, "alive\\n")` makes an answer.',
        "Ask for the two paths first, for `closing` last.",
    ),
    solution="""
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "alive\\n")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "\\n")
        if state.closing:
            return ws.respond(503, "this server is leaving\\n")

    return process_request
""",
    explanation=(
        "A process that leaves is alive and not ready: if `/healthz` failed during a drain, the "
        "supervisor would kill it in the middle of its goodbyes. And a server that has lost its "
        "database is alive too; a restart would not mend that."
    ),
    rules=(_alive, _ready, _not_ready, _others, _closing, _changes),
    minutes=10,
    difficulty=1,
    needs="Alive, and ready",
)
