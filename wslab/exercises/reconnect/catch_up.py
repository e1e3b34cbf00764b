"""Exercise 4.6: Reconnect, and miss nothing."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from collections.abc import Sequence
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Pause, call, same, show
from wslab.exercises._rule import rule
from wslab.server import serve

from ._feed import EVERYTHING, TEXTS, Ending, Feed, Story, tell
from ._shared import about

__all__ = ["EXERCISE"]

_DELAYS: Final = (0.01, 0.02, 0.04, 0.05)

_ONCE: Final[tuple[Ending, ...]] = (EVERYTHING,)
_UPS_AND_DOWNS: Final[tuple[Ending, ...]] = (
    *((2, 1006), (0, 503), (0, 1011), (1, 1001), (0, 502), (1, 1012)),
    (3, 1000),
)
_MAY_PASS: Final[tuple[int | str, ...]] = (
    1001,
    1006,
    1011,
    1012,
    1013,
    1014,
    429,
    500,
    502,
    503,
    504,
    "cut",
)
_WILL_NOT_PASS: Final[tuple[int | str, ...]] = (
    1002,
    1003,
    1007,
    1008,
    4003,
    401,
    403,
    404,
    501,
    "wrong key",
    "too big",
)


def _first(message: str | bytes | None) -> Any:
    """Return the value of a first message that is JSON in a text; ``...`` for anything else."""
    try:
        return json.loads(message) if isinstance(message, str) else ...
    except (ValueError, RecursionError):
        return ...


def _works(answer: Any) -> bool:
    """Whether it gets all messages when nothing fails; if not, another rule tells about that."""
    pair = tell(answer, _ONCE, _DELAYS).pair()
    return pair is not None and len(pair[0]) == len(TEXTS)


@rule('begins each connection with `{"after": N}`')
def _begins(answer: Any) -> None:
    for endings in (_ONCE, ((2, 1001), (5, 1000))):
        story = tell(answer, endings, _DELAYS)
        if not story.feed.first:
            story.played.returned('the text {"after": N}')
            raise story.played.finding("no message came", 'the text {"after": N}', "nothing")
        for number, message in enumerate(story.feed.first, 1):
            value = _first(message)
            if (
                isinstance(value, dict)
                and value.keys() == {"after"}
                and type(value["after"]) is int
            ):
                continue
            problem = f"connection {number} began with something else"
            if message is None:
                problem = f"connection {number} began with nothing"
            if isinstance(message, bytes):
                problem = "bytes go out as a binary message, a str as text"
            raise story.played.finding(problem, 'the text {"after": N}', show(message))


@rule("N is the `number` of the last message it has, 0 at first")
def _after(answer: Any) -> None:
    story = tell(answer, _UPS_AND_DOWNS, _DELAYS)
    numbers, received, expected = list(TEXTS), 0, []
    for count, how in _UPS_AND_DOWNS:
        if isinstance(how, int) and how >= 1000:
            expected.append(numbers[received - 1] if received else 0)
        received += count
    values = [_first(message) for message in story.feed.first]
    if not all(isinstance(value, dict) and "after" in value for value in values):
        return  # another rule tells about that
    asked = [value["after"] for value in values]
    if not same(asked[: len(expected)], expected[: len(asked)]):
        problem = "it asked for something else"
        raise story.played.finding(problem, f"after: {expected}", f"after: {show(asked)}")


@rule("Return `(texts, complete)`")
def _pair(answer: Any) -> None:
    for endings in (_ONCE, ((0, 403),)):
        story = tell(answer, endings, _DELAYS)
        if endings is not _ONCE and story.played.failure:
            return  # another rule tells about that
        result = story.played.returned(story.expected)
        if story.pair() is None:
            problem = "these are no two things, the list of texts and True or False"
            if result is None:
                problem = "it returned nothing"
            raise story.played.finding(problem, story.expected, show(result))


@rule("the texts in their order, none twice")
def _texts(answer: Any) -> None:
    for endings in (_ONCE, ((3, 1001), (1, 1006), (3, 1000)), ((4, 1006), (0, 403))):
        story = tell(answer, endings, _DELAYS)
        pair = story.pair()
        if pair is None or story.feed.connections != len(endings):
            return  # another rule tells about that
        texts, expected = pair[0], story.texts
        if same(texts, expected):
            continue
        problem = "the texts are others"
        if len(texts) != len(expected):
            problem = f"{len(expected)} messages came, and there are {len(texts)} texts"
        elif sorted(map(str, texts)) == sorted(expected):
            problem = "they are in another order"
        raise story.played.finding(problem, show(expected), show(texts))


@rule("`True` for 1000 or `False` for giving up")
def _complete(answer: Any) -> None:
    if not _works(answer):
        return
    ends: tuple[Ending, ...] = ((2, 1008), (0, 403), (7, 4003), (0, 503))
    stories: list[tuple[tuple[Ending, ...], Sequence[float]]]
    stories = [(_ONCE, _DELAYS), (((0, 1000),), _DELAYS), (((2, 1006), (5, 1000)), _DELAYS)]
    for endings, delays in (*stories, *(((end,), ()) for end in ends)):
        story = tell(answer, endings, delays)
        pair = story.pair()
        if story.complete and story.feed.connections > len(endings):
            problem = "it connected again, though 1000 says that all has been sent"
            got = f"{story.feed.connections} connections"
            raise story.played.finding(problem, f"{len(endings)} connection(s)", got)
        if pair is not None and not same(pair[1], story.complete):
            problem = "it gave up" if not story.complete else "all has been sent"
            raise story.played.finding(problem, f"complete is {story.complete}", show(pair[1]))


def _expect_more(story: Story, what: str) -> None:
    """Expect that it has connected once more."""
    story.played.returned(story.expected)
    if story.feed.connections < len(story.endings):
        got = f"{story.feed.connections} connection(s)"
        raise story.played.finding(f"{what}, and it gave up", "one more connection", got)


@rule("After a failure that may pass")
def _goes_on(answer: Any) -> None:
    if not _works(answer):
        return
    for how in _MAY_PASS:
        story = tell(answer, ((0, how), EVERYTHING), _DELAYS)
        if story.feed.connections < 2:
            told = how if isinstance(how, str) else f"status {how}" if how < 1000 else f"code {how}"
            _expect_more(story, f"it was {told}")
    if story.pause.calls:  # another rule tells if there is none
        _expect_patience(answer)


def _expect_patience(answer: Any) -> None:
    """Expect that it connects again if nobody listens until the first pause is made."""
    called = f"catch_up(url, {list(_DELAYS)}, pause); nobody listens before the first pause"
    with contextlib.ExitStack() as stack, about(called, show((list(TEXTS.values()), True))):
        address = stack.enter_context(socket.socket())
        address.bind(("127.0.0.1", 0))
        feed = Feed(())

        class Opening(Pause):
            def __call__(self, seconds: float) -> Pause:
                if not self.calls:
                    name = f"check {id(self)}"
                    stack.enter_context(serve(feed.handler, name=name, sock=address))
                return super().__call__(seconds)

        url = f"ws://127.0.0.1:{address.getsockname()[1]}"
        result = call(answer, url, list(_DELAYS), Opening(), timeout=CLIENT_TIMEOUT)
        if not feed.first:
            problem = "a refused TCP connection may pass, and it gave up"
            raise Finding(problem, got=f"{show(result)} after one attempt")


@rule("call `pause(delays[n])` instead of sleeping")
def _pauses(answer: Any) -> None:
    delays = (0, 0.02, 0.04, 0.05)
    endings: tuple[Ending, ...] = ((2, 1006), (0, 1011), (0, 503), (5, 1000))
    story = tell(answer, endings, delays)
    if story.played.failure or story.feed.connections != len(endings):
        return  # another rule tells about that
    calls = story.pause.calls
    if len(calls) != 3 or not all(any(same(each, delay) for delay in delays) for each in calls):
        problem = "there were three failures that may pass"
        expected = "three calls of pause(), each with one of the delays"
        got = f"pause() was called with {show(calls)}" if calls else "no call of pause()"
        raise story.played.finding(problem, expected, got)


@rule("n is the number of failures before this one since the last message came")
def _which_delay(answer: Any) -> None:
    story = tell(answer, _UPS_AND_DOWNS, _DELAYS)
    expected = [_DELAYS[n] for n in (0, 1, 2, 0, 1, 0)]
    calls = story.pause.calls
    if not calls or story.played.failure:
        return  # another rule tells about that
    if not same(calls, expected[: len(calls)]):
        problem = "these are other delays"
        if same(calls[:3], [*_DELAYS[:2], _DELAYS[0]]):
            problem = "a connection that opens and brings no message is a failure like others"
        raise story.played.finding(problem, f"pause() with {expected}", f"with {show(calls)}")


@rule("with `await`, if your function is `async`")
def _awaits(answer: Any) -> None:
    story = tell(answer, ((2, 1006), (0, 503), (5, 1000)), _DELAYS)
    if story.pause.never_ran(answer):
        problem = "an `await` is missing before pause(…): no pause ever ran"
        got = f"{len(story.pause.calls)} calls, of which {story.pause.awaited} were awaited"
        raise story.played.finding(problem, "await pause(…)", got)


@rule("if there is no `delays[n]`")
def _gives_up(answer: Any) -> None:
    if not _works(answer):
        return
    for how, before, delays in itertools.product((503, 1011), (0, 4), (_DELAYS, (), (0.01,))):
        failures = [(0, how)] * (len(delays) + (before == 0))
        endings: list[Ending] = [*([(before, 1006)] if before else []), *failures]
        story = tell(answer, endings, delays)
        if story.feed.connections > len(endings):
            problem = f"there are {len(delays)} delays, and it connected once more"
            expected = f"it gives up after {len(endings)} connection(s)"
            raise story.played.finding(problem, expected, f"{story.feed.connections} connections")
        if delays and not story.pause.calls:
            return  # another rule tells about that
        _expect_more(story, "a delay was left")


@rule("the failure will not pass (as in exercise 4.4)")
def _will_not_pass(answer: Any) -> None:
    for how, count in itertools.product(_WILL_NOT_PASS, (0, 2)):
        if count and (isinstance(how, str) or how < 1000):
            continue
        story = tell(answer, ((count, how),), _DELAYS)
        story.played.returned(story.expected)
        if story.feed.connections > 1 or story.pause.calls:
            problem = "it did not give up at once"
            got = f"{story.feed.connections} connection(s), {len(story.pause.calls)} pause(s)"
            raise story.played.finding(problem, "one connection, no pause", got)


EXERCISE = Exercise(
    id="4.6",
    title="Reconnect, and miss nothing",
    task=(
        "Write `catch_up(url, delays, pause)`, plain or `async`. It begins each connection with "
        '`{"after": N}`, where N is the `number` of the last message it has, 0 at first. The '
        'server then sends `{"number": …, "text": …}`, with growing numbers, from there on, and '
        "closes with 1000 after the last one.\n\n"
        "After a failure that may pass, call `pause(delays[n])` instead of sleeping, where n is "
        "the number of failures before this one since the last message came (with `await`, if "
        "your function is `async`), and connect again; if there is no `delays[n]`, or the failure "
        "will not pass (as in exercise 4.4), give up. "
        "Return `(texts, complete)`: the texts in their order, none "
        "twice, and `True` for 1000 or `False` for giving up."
    ),
    name="catch_up",
    starter="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        ...
""",
    hints=(
        "`follow()` in “Reconnect: and miss nothing” has the same structure. Here the numbers are "
        "not 1, 2, 3: remember the last one instead of counting.",
        "A round of the loop: connect, send, receive until an exception comes; then decide. "
        "`failures` becomes 0 where a message is received, and grows by one with each pause.",
        "At the end of a round: `if not may_retry(error) or failures == len(delays): return "
        "texts, False`; then `pause(delays[failures])` and `failures += 1`. Before that, a "
        "ConnectionClosed with code 1000: `return texts, True`.",
    ),
    solution="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def how_it_ended(error):
    if isinstance(error, ConnectionClosed):
        close = error.rcvd or error.sent
        return close.code if close else 1006
    if isinstance(error, InvalidStatus):
        return error.response.status_code
    passing = isinstance(error, OSError) or isinstance(error.__cause__, EOFError)
    return 1006 if passing else None


MAY_PASS = {1001, 1006, 1011, 1012, 1013, 1014, 429, 500, 502, 503, 504}


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url, open_timeout=5) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv(timeout=5))
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except (OSError, WebSocketException) as error:
            end = how_it_ended(error)
        if end == 1000:
            return texts, True
        if end not in MAY_PASS or failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1
""",
    explanation=(
        "`after` is taken from the messages, so nothing has to be assumed about how the server "
        "counts. The delays begin anew when a message has come, not when a connection has opened: "
        "otherwise a server that accepts and fails would be called for ever, always after the "
        "shortest pause. `pause()` stands outside of `except`, so what it raises is not taken for "
        "a failure of the network."
    ),
    rules=(
        _begins,
        _pair,
        _texts,
        _after,
        _goes_on,
        _pauses,
        _awaits,
        _which_delay,
        _gives_up,
        _will_not_pass,
        _complete,
    ),
    minutes=30,
    difficulty=3,
    needs="Reconnect: and miss nothing",
)
