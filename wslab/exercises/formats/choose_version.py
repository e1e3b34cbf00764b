"""Exercise 5.5: Which version?"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus, NegotiationError, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import HELD_UP, Fault, Finding, patience, same, show
from wslab.exercises._rule import rule
from wslab.server import BackgroundServer, serve

__all__ = ["EXERCISE"]

_SPOKEN: Final = ("chat.v10", "chat.v2", "chat.v1")


class _Chooser:
    """
    A server with the learner's function, and clients that offer subprotocols.

    Args:
        answer: The learner's function.
    """

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._raised: list[BaseException] = []
        self._server: BackgroundServer

    @contextlib.contextmanager
    def running(self) -> Iterator[_Chooser]:
        _expect_plain_function(self._answer)
        options: dict[str, Any] = {"select_subprotocol": self._select, "ping_interval": None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # stop() says it when the loop is held up; so do we
            with serve(_stay, name=f"check {id(self)}", **options) as self._server:
                yield self

    def _select(
        self, connection: ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        try:
            chosen: Subprotocol | None = self._answer(connection, offered)
        except NegotiationError:
            raise
        except BaseException as exc:
            self._raised.append(exc)
            raise RuntimeError(f"it raised {type(exc).__name__}") from exc
        return chosen

    def ask(self, *offered: str) -> str | None:
        """
        Offer these, or nothing.

        Returns:
            The subprotocol, ``"status 400"``, or what went wrong, in words.

        Raises:
            Fault: No answer came.
        """
        names = [Subprotocol(name) for name in offered] or None
        wait: dict[str, Any] = {"open_timeout": patience(), "close_timeout": patience()}
        self._raised.clear()
        try:
            with connect(self._server.url, subprotocols=names, ping_interval=None, **wait) as ws:
                return None if ws.subprotocol is None else str(ws.subprotocol)
        except InvalidStatus as refused:
            if self._raised:
                exc = self._raised[0]
                return f"it raised {type(exc).__name__}: {exc}"
            return f"status {refused.response.status_code}"
        except TimeoutError:
            problem = HELD_UP.replace("handler", "function")
            raise self.finding(Fault, problem, offered, "an answer", "none") from None
        except (OSError, WebSocketException) as exc:
            return f"{type(exc).__name__}: {exc}"

    def expect(self, wanted: str | None, problem: str, *offered: str) -> None:
        """Offer these; expect this subprotocol or status."""
        got = self.ask(*offered)
        if not same(got, wanted):
            raise self.finding(Finding, problem, offered, _words(wanted), _words(got))

    def finding(
        self, kind: type[Finding], problem: str, offered: Sequence[str], wanted: str, got: str
    ) -> Finding:
        """Make a finding with what crossed the wire."""
        return kind(
            problem,
            sent=f"offered by the client: {', '.join(offered) if offered else 'nothing'}",
            expected=wanted,
            got=got,
            records=self._server.transcript.filter(connection=-1)[-12:],
        )


async def _stay(ws: ServerConnection) -> None:
    await ws.wait_closed()


def _words(outcome: str | None) -> str:
    if outcome is None:
        return "an open connection, subprotocol None"
    return f"subprotocol {outcome}" if outcome.startswith("chat.") else outcome


def _expect_plain_function(answer: Any) -> None:
    """Expect what :func:`websockets.asyncio.server.serve` can call."""
    sent = "nothing yet"
    expected = "def choose_version(connection, offered), which returns a name or None"
    if not callable(answer):
        raise Fault("it is no function", sent=sent, expected=expected, got=show(answer))
    if inspect.iscoroutinefunction(answer):
        problem = "it is an async function: select_subprotocol is called, and not awaited"
        raise Fault(problem, sent=sent, expected=expected, got="async def")
    try:
        inspect.signature(answer).bind(None, [])
    except (TypeError, ValueError) as exc:
        problem = "it must take two arguments, the connection and what is offered"
        raise Fault(problem, sent=sent, expected=expected, got=str(exc)) from None


@rule("takes the best one that the client offers")
def _best(answer: Any) -> None:
    with _Chooser(answer).running() as chooser:
        for name in _SPOKEN:
            chooser.expect(name, "the server speaks it, and nothing else is offered", name)
        for offered in itertools.combinations(_SPOKEN, 2):
            chooser.expect(offered[0], "the server speaks both, and one is better", *offered)
        chooser.expect(_SPOKEN[0], "the server speaks all three", *_SPOKEN)
        for name in _SPOKEN:
            problem = "the server speaks one of them"
            chooser.expect(name, problem, "chat.v3", name)
            chooser.expect(name, problem, name, "chat.v99", "x")
        chooser.expect("chat.v1", "the server speaks it, and nothing else is offered", "chat.v1")


@rule("in whatever order it does")
def _order(answer: Any) -> None:
    with _Chooser(answer).running() as chooser:
        for count in (2, 3):
            for offered in itertools.combinations(_SPOKEN, count):
                if chooser.ask(*offered) != offered[0]:
                    return  # another rule tells about that
                for order in itertools.permutations(offered):
                    chooser.expect(offered[0], "the client offers it, in another order", *order)


@rule("A client that offers nothing is let in without a subprotocol")
def _nothing(answer: Any) -> None:
    with _Chooser(answer).running() as chooser:
        chooser.expect(None, "the first client offers nothing")
        chooser.ask("chat.v1")
        chooser.expect(None, "this client offers nothing, the one before did")


@rule("one that offers only names the server does not speak is refused with status 400")
def _unknown(answer: Any) -> None:
    names = ("chat.v3", "x", "CHAT.V2", "chat.v", "chat.v11", "chat.v100", "chat.v1.1", "v2", "2")
    with _Chooser(answer).running() as chooser:
        for name in names:
            chooser.expect("status 400", "the server does not speak this name", name)
        chooser.expect("status 400", "the server speaks none of these", *names)


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
    rules=(_best, _order, _nothing, _unknown),
    minutes=10,
    difficulty=2,
    needs="Versions: subprotocols",
)
