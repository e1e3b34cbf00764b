"""Exercise 4.4: ok, retry or give up."""

from __future__ import annotations

from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab import faults
from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Play, call, play, same, show
from wslab.exercises._rule import rule

from ._shared import about, no_listener

__all__ = ["EXERCISE"]

_LOST: Final = 1006
"""What stands for the end without a CLOSE frame (RFC 6455 §7.1.5)."""

_RETRY_CODES: Final = (1001, 1006, 1011, 1012, 1013, 1014)
_OTHER_CODES: Final = (1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000, 4001, 4999)
_RETRY_STATUSES: Final = (429, 500, 502, 503, 504)
_OTHER_STATUSES: Final = (200, 400, 401, 403, 404, 410, 426, 501, 505)


def _closes(answer: Any, code: int, messages: tuple[str | bytes, ...] = ()) -> Play:
    """Let it meet a server that sends some messages and ends with a code."""

    async def handler(ws: ServerConnection) -> None:
        for message in messages:
            await ws.send(message)
        if code == _LOST:
            await (await ws.ping())  # the client has read what was sent
            ws.transport.abort()
        else:
            await ws.close(code, "no reason")

    how = "cuts the TCP connection" if code == _LOST else f"closes with {code}"
    before = f"sends {', '.join(map(show, messages))} and " if messages else ""
    return play(answer, handler, called=f"classify(url) is called; the server {before}{how}")


def _refuses(answer: Any, status: int) -> Play:
    called = f"classify(url) is called; the handshake is refused with status {status}"
    return play(answer, _never, called=called, process_request=faults.refuse(status))


async def _never(ws: ServerConnection) -> None:
    """Serve nobody: the handshake fails."""


def _expect(played: Play, expected: str, problem: str) -> None:
    result = played.returned(repr(expected))
    if not same(result, expected):
        problem = f"{problem}: {expected!r} is right then"
        raise played.finding(problem, repr(expected), show(result))


@rule('`"ok"` if the server closed with 1000')
def _ok(answer: Any) -> None:
    _expect(_closes(answer, 1000), "ok", "the server closed with 1000")


@rule("after the close codes 1001, 1006 and 1011 to 1014")
def _retry_codes(answer: Any) -> None:
    for code in _RETRY_CODES:
        how = "the connection was lost without a CLOSE" if code == _LOST else f"the code is {code}"
        _expect(_closes(answer, code), "retry", how)


@rule("after any other code")
def _other_codes(answer: Any) -> None:
    for code in _OTHER_CODES:
        _expect(_closes(answer, code), "give up", f"the code is {code}")


@rule("whichever side closed")
def _own_close(answer: Any) -> None:
    for fault, code, sends in (
        (faults.message_too_big, 1009, "a message that is too big"),
        (faults.invalid_utf8, 1007, "text that is not UTF-8"),
        (faults.reserved_opcode, 1002, "a frame that RFC 6455 forbids"),
    ):
        called = f"classify(url) is called; the server sends {sends}"
        played = play(answer, fault, called=called)
        _expect(played, "give up", f"the client has closed with {code}")


@rule("after the statuses 429, 500, 502, 503 and 504")
def _retry_statuses(answer: Any) -> None:
    for status in _RETRY_STATUSES:
        _expect(_refuses(answer, status), "retry", f"the status is {status}")


@rule("after any other status")
def _other_statuses(answer: Any) -> None:
    for status in _OTHER_STATUSES:
        _expect(_refuses(answer, status), "give up", f"the status is {status}")


@rule("if the network fails, even in the middle of the handshake")
def _network(answer: Any) -> None:
    called = "classify(url) is called; nobody listens at the address"
    with no_listener() as nobody, about(called, "'retry'"):
        result = call(answer, nobody, timeout=CLIENT_TIMEOUT)
    if not same(result, "retry"):
        problem = "nobody listens: 'retry' is right then"
        raise Finding(problem, sent=called, expected="'retry'", got=show(result))
    called = "classify(url) is called; the server cuts TCP in the middle of the handshake"
    played = play(answer, _never, called=called, process_request=faults.abort)
    _expect(played, "retry", "there was no answer to the handshake")


@rule("if the answer to the handshake is wrong, such as one to another key")
def _wrong_key(answer: Any) -> None:
    called = "classify(url) is called; the handshake is answered for another key"
    played = play(answer, _never, called=called, process_response=faults.wrong_accept)
    _expect(played, "give up", "the answer does not fit")


@rule("receives until the end")
def _until_the_end(answer: Any) -> None:
    messages = ("one", "", b"\x00\xff", "two")
    for code, expected in ((1000, "ok"), (1001, "retry"), (1008, "give up"), (_LOST, "retry")):
        if not same(_closes(answer, code).result, expected):
            return  # another rule tells about that
        _expect(_closes(answer, code, messages), expected, "messages came before the end")


EXERCISE = Exercise(
    id="4.4",
    title="ok, retry or give up",
    task=(
        "Write `classify(url)`, plain or `async`: it connects, receives until the end, and returns "
        '`"ok"` if the server closed with 1000, `"retry"` if the same attempt may succeed later, '
        '`"give up"` if not.\n\n'
        "It may succeed after the close codes 1001, 1006 and 1011 to 1014, after the statuses 429, "
        "500, 502, 503 and 504, and if the network fails, even in the middle of the handshake. "
        "Give up after any other code, such as those from 4000 on, whichever side closed; after "
        "any other status; and if the answer to the handshake is wrong, such as one to another key."
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
        "1001, 1006, 1011–1014, after the statuses 429, 500, 502, 503, 504, and when nothing "
        "answers.",
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
        retry = refused.response.status_code in {429, 500, 502, 503, 504}
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
    rules=(
        _ok,
        _other_codes,
        _retry_codes,
        _other_statuses,
        _retry_statuses,
        _network,
        _own_close,
        _wrong_key,
        _until_the_end,
    ),
    minutes=15,
    difficulty=2,
    needs="Reconnect: whether",
)
