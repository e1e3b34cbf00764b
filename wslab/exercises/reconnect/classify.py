"""Exercise 4.4: ok, retry or give up."""

from __future__ import annotations

import secrets
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, same, show
from wslab.exercises._rule import Rule
from wslab.exercises.errors._shared import no_listener
from wslab.server import serve
from wslab.transcript import Records

__all__ = ["EXERCISE"]


# What happens, and what the client should make of it.
_ENDINGS: Final[list[tuple[int | str, str]]] = [
    (1000, "ok"),
    (1001, "retry"),
    (1008, "give up"),
    (1011, "retry"),
    (1006, "retry"),
    (403, "give up"),
    (503, "retry"),
    ("nobody listens", "retry"),
    (1003, "give up"),
    (1007, "give up"),
    (1009, "give up"),
    (1012, "retry"),
    (1013, "retry"),
    (1014, "retry"),
    (4001, "give up"),
    (4999, "give up"),
    (200, "give up"),
    (404, "give up"),
    (500, "retry"),
    (502, "retry"),
    (504, "retry"),
    ("the server cuts TCP in the middle of the handshake", "retry"),
    ("the server sends 2 MiB, and the client closes with 1009", "give up"),
    (1002, "give up"),
]


def _told(ending: int | str) -> str:
    if isinstance(ending, str):
        return ending
    if ending < 1000:
        return f"the handshake is refused with status {ending}"
    if ending == 1006:
        return "the connection is lost without a CLOSE"
    return f"the server closes with {ending}"


def _probe_classify(answer: Any) -> None:
    # The address tells nothing: which ending it is, only the connection shows.
    endings = {secrets.token_hex(4): ending for ending, _ in _ENDINGS}

    async def refuse(ws: ServerConnection, request: Request) -> Response | None:
        ending = endings.get(request.path[1:])
        if isinstance(ending, int) and ending < 1000:
            return ws.respond(ending, "")
        if isinstance(ending, str) and "handshake" in ending:
            ws.transport.abort()
            await ws.wait_closed()
        return None

    async def handler(ws: ServerConnection) -> None:
        assert ws.request is not None
        ending = endings.get(ws.request.path[1:])
        for message in ("one", "two", "three"):
            await ws.send(message)
        if ending == 1006:
            await (await ws.ping())
            ws.transport.abort()
        elif isinstance(ending, int):
            await ws.close(ending)
        else:
            await ws.send("x" * 2**21)
            await ws.wait_closed()

    options: dict[str, Any] = {"process_request": refuse, "ping_interval": None}
    with serve(handler, name=f"check {id(answer)}", **options) as server, no_listener() as nobody:
        for (token, ending), (_, expected) in zip(endings.items(), _ENDINGS, strict=True):
            url = nobody if ending == "nobody listens" else f"{server.url}/{token}"
            told = _told(ending)
            records: Records | None = None
            try:
                result = call(answer, url, timeout=CLIENT_TIMEOUT, release=server.stop)
            except Finding as finding:
                finding.sent, finding.expected = told, repr(expected)
                finding.records = server.transcript.filter(connection=-1)[-12:]
                raise
            if not same(result, expected):
                if url != nobody:
                    records = server.transcript.filter(connection=-1)[-12:]
                raise Finding(
                    f"{told}: {expected!r} is right then",
                    sent=f"'one', 'two', 'three'; then {told}" if _is_closing(ending) else told,
                    expected=repr(expected),
                    got=show(result),
                    records=records,
                )


def _is_closing(ending: int | str) -> bool:
    return isinstance(ending, int) and ending >= 1000


EXERCISE = Exercise(
    id="4.4",
    title="ok, retry or give up",
    task=(
        "Write `classify(url)`, plain or `async`: it connects, receives until the end, and returns "
        '`"ok"` if the server closed with 1000, `"retry"` if the same attempt may succeed later, '
        '`"give up"` if not. The tables of this notebook decide; after codes from 4000 on, '
        "give up."
    ),
    name="classify",
    starter="""
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url, open_timeout=5) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        ...
    except InvalidStatus as refused:
        ...
    except (OSError, WebSocketException):
        ...
""",
    hints=(
        "“Reconnect: whether” has most of it: two sets of codes, and what is no answer at all.",
        "Which CLOSE counts? `closed.rcvd` is `None` if none came; then `closed.sent` tells if "
        "this side has closed, and if that is `None` too, the connection was lost.",
        "`close = closed.rcvd or closed.sent`, `code = close.code if close else 1006`. Retry after "
        "1001, 1006, 1011–1014, after the statuses 500, 502, 503, 504, and when nothing answers.",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url, open_timeout=5) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        close = closed.rcvd or closed.sent
        code = close.code if close else 1006
        if code == 1000:
            return "ok"
        retry = code in {1001, 1006, 1011, 1012, 1013, 1014}
    except InvalidStatus as refused:
        retry = refused.response.status_code in {500, 502, 503, 504}
    except (OSError, WebSocketException) as error:
        retry = isinstance(error, OSError) or isinstance(error.__cause__, EOFError)
    return "retry" if retry else "give up"
""",
    explanation=(
        "The loop calls `recv()`, because `for message in ws` would end at 1001 as it does at "
        "1000. When this client has closed with 1009, nothing is received after that: "
        "`ws.close_code` is 1006 then, and only `closed.sent` tells that trying again is of no "
        "use. A handshake that is cut off is an `InvalidMessage`, caused by an `EOFError`."
    ),
    rules=(Rule("", _probe_classify),),
    minutes=15,
    difficulty=2,
    needs="Reconnect: whether",
)
