"""Exercise 5.5: Which version?"""

from __future__ import annotations

import inspect
import json
import secrets
import warnings
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus, NegotiationError, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import HELD_UP, REPLY_TIMEOUT, Finding, same, show
from wslab.exercises._rule import Rule
from wslab.server import serve

__all__ = ["EXERCISE"]


def _probe_choose_version(answer: Any) -> None:
    if not callable(answer):
        raise Finding(f"a function is expected, not {show(answer)}")
    if inspect.iscoroutinefunction(answer):
        raise Finding("a plain function is expected: select_subprotocol is not awaited")
    raised: list[BaseException] = []

    def select(connection: Any, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        try:
            chosen: Subprotocol | None = answer(connection, offered)
        except NegotiationError:
            raise
        except BaseException as exc:
            raised.append(exc)
            raise RuntimeError(f"it raised {type(exc).__name__}") from exc
        return chosen

    async def handler(ws: ServerConnection) -> None:
        await ws.send(json.dumps(ws.subprotocol))
        await ws.wait_closed()

    other = f"x-{secrets.token_hex(3)}"
    cases: list[tuple[list[str] | None, str | None, str]] = [
        (["chat.v1"], "chat.v1", "a version that both know should be selected"),
        (["chat.v2"], "chat.v2", "a version that both know should be selected"),
        (["chat.v1", "chat.v2"], "chat.v2", "the server's best version should be selected"),
        (["chat.v2", "chat.v1"], "chat.v2", "the server's best version should be selected"),
        (["chat.v2", "chat.v10"], "chat.v10", "the server's best version should be selected"),
        ([other, "chat.v1"], "chat.v1", "what the server does not know should be passed over"),
        (["chat.v3", other, "chat.v2"], "chat.v2", "what is not known should be passed over"),
        (None, None, "a client that offers nothing should get in, without a subprotocol"),
        ([other], "400", "a client that offers nothing known should be refused with 400"),
        (["chat.v11", "chat.v"], "400", "names are equal or not: a part of one is another name"),
        (["CHAT.V2"], "400", "names are equal or not: upper and lower case are different"),
        (["chat.v1"], "chat.v1", "the answer should depend on the offer alone"),
    ]
    options: dict[str, Any] = {"select_subprotocol": select, "ping_interval": None}
    with warnings.catch_warnings(), serve(handler, name=f"check {id(answer)}", **options) as server:
        warnings.simplefilter("ignore")  # stop() says it when the loop is held up; so do we
        for offered, expected, problem in cases:
            got = _negotiate(server.url, offered)
            if same(got, expected) and not raised:
                continue
            if raised:
                problem = f"it raised {type(raised[0]).__name__}"
                got = str(raised[0])
            elif got == TimeoutError.__name__:
                problem = HELD_UP.replace("handler", "function")
            wanted = f"subprotocol {expected}" if expected != "400" else "status 400"
            raise Finding(
                problem,
                sent=f"offered by the client: {', '.join(offered) if offered else 'nothing'}",
                expected=wanted if expected else "an open connection, subprotocol None",
                got=str(got),
                records=server.transcript.filter(connection=-1)[-12:],
            )


def _negotiate(url: str, offered: list[str] | None) -> str | None:
    """Return the subprotocol, a status, or the name of what is raised."""
    names = [Subprotocol(name) for name in offered] if offered else None
    timeouts: dict[str, Any] = {"open_timeout": REPLY_TIMEOUT, "close_timeout": REPLY_TIMEOUT}
    try:
        with connect(url, subprotocols=names, ping_interval=None, **timeouts) as ws:
            return None if ws.subprotocol is None else str(ws.subprotocol)
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except TimeoutError:
        return TimeoutError.__name__
    except (OSError, WebSocketException) as exc:
        return f"{type(exc).__name__}: {exc}"


_CHOOSE_VERSION: Final = """
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None
"""


EXERCISE = Exercise(
    id="5.5",
    title="Which version?",
    task=(
        "Write `choose_version(connection, offered)`, which the check gives to `serve()` as "
        "`select_subprotocol`. The server speaks the versions in `SPOKEN`, the best first, and "
        "takes the best one that the client offers, in whatever order it does. A client that "
        "offers nothing is let in without a subprotocol; one that offers only names the server "
        "does not speak is refused with status 400."
    ),
    name="choose_version",
    starter="""
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    # your code
    ...
""",
    hints=(
        "There are three outcomes: return a name, return `None`, raise an exception.",
        "Whose order counts? Go through the server's list, not the client's.",
        "`for version in SPOKEN: if version in offered: return version`. After the loop nothing "
        "fits: raise `NegotiationError` if `offered` is not empty.",
    ),
    solution=_CHOOSE_VERSION,
    explanation=(
        "The loop goes through the server's list, so that the server's preference counts. The "
        "largest name is not the best one: as strings, `chat.v2` is greater than `chat.v10`. "
        "`NegotiationError` is the exception that becomes 400; another one would become 500, as "
        "if the server had failed."
    ),
    rules=(Rule("", _probe_choose_version),),
    minutes=10,
    difficulty=2,
    needs="Versions: subprotocols",
)
