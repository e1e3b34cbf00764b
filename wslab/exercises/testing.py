"""Exercises of 10 · Testing your own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.sync.client import connect

from wslab.handlers import echo
from wslab.server import BackgroundServer, serve

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import CLIENT_TIMEOUT, Client, answering, call, during, run_client, show

__all__ = ["EXERCISES"]

Handler = Callable[[ServerConnection], Awaitable[None]]


def _judge(answer: Any, right: Mapping[str, Handler], broken: Mapping[str, Handler]) -> None:
    """
    Test a test: it must pass with each server that is right, and fail with each that is not.

    Args:
        answer: ``def test(url)``, plain or ``async``.
        right: Handlers by what they do: "answers at once".
        broken: Handlers by what is wrong with them.
    """
    for what, handler in right.items():
        with during(f"with a correct server, which {what}"):
            run_client(answer, handler)
    for what, handler in broken.items():
        began = time.monotonic()
        try:
            run_client(answer, handler, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            # A TimeoutError is as good as any other, if it is not the one that ended the answer.
            in_time = time.monotonic() - began < CLIENT_TIMEOUT
            raised = finding.problem.startswith("it raised ") or finding.got == "TimeoutError"
            if raised and in_time:
                continue
            finding.problem = f"with a server that {what}: {finding.problem}"
            raise
        raise Finding(
            f"the test passes, but the server {what}",
            expected="an AssertionError, or any other exception",
            got="the function returned",
        )


# ---- 10.1 ----


async def _slow_echo(ws: ServerConnection) -> None:
    async for message in ws:
        await asyncio.sleep(0.1)
        await ws.send(message)


async def _shouts(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.upper())


async def _only_text(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message if isinstance(message, str) else message.decode(errors="replace"))


async def _only_binary(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.encode() if isinstance(message, str) else message)


async def _once(ws: ServerConnection) -> None:
    await ws.send(await ws.recv())


async def _repeats_the_first(ws: ServerConnection) -> None:
    first = None
    async for message in ws:
        first = first or message
        await ws.send(first if isinstance(first, type(message)) else message)


async def _is_silent(ws: ServerConnection) -> None:
    async for _ in ws:
        pass


def _probe_check_echo(answer: Any) -> None:
    _judge(
        answer,
        {"answers at once": echo, "takes its time": _slow_echo},
        {
            "answers in capital letters": _shouts,
            "makes text of binary messages": _only_text,
            "makes binary messages of text": _only_binary,
            "answers the first message only": _once,
            "repeats the first answer": _repeats_the_first,
            "never answers": _is_silent,
        },
    )


_CHECK_ECHO = Exercise(
    id="10.1",
    title="A test that finds something",
    task=(
        "Write `check_echo(url)`, a test of an echo server, plain or `async`: it returns if text "
        "comes back as the same text and binary as the same bytes, for more than one message, and "
        "fails (by `assert`, or any exception) if not. It is done within 2 seconds, also when the "
        "server never answers. The check runs it against servers that are right, and against "
        "some that are not."
    ),
    name="check_echo",
    starter="""
import wslab


def check_echo(url):
    assert wslab.talk(url, "hello", timeout=1) == ...
""",
    hints=(
        "What does a server get wrong that passes your test? One message proves little, and "
        "`hello` proves nothing about bytes.",
        "`wslab.talk()` takes several messages, `str` and `bytes` mixed, and returns a list of "
        'what came back. In Python `"a" != b"a"`, so comparing the lists compares the types.',
        "Two different texts and two different `bytes` objects, sent in one `talk()` and compared "
        "with the list of the same four.",
    ),
    solution="""
import wslab


def check_echo(url):
    messages = ["hello", b"\\x00hello", "Grüße", b"bye"]
    assert wslab.talk(url, *messages, timeout=1) == messages
""",
    explanation=(
        "A test is worth what it finds. Changing the code under test on purpose, and looking "
        "whether the test notices, is called mutation testing. And a test that waits for ever "
        "finds nothing: each wait has an end."
    ),
    alternatives=(
        """
import asyncio
from websockets.asyncio.client import connect

async def check_echo(url):
    async with asyncio.timeout(1.5), connect(url, close_timeout=0.2) as ws:
        for message in ("one", "two", b"three", b""):
            await ws.send(message)
            reply = await ws.recv()
            assert reply == message and type(reply) is type(message)
""",
    ),
    wrong=(
        WrongAnswer(
            """
import wslab

def check_echo(url):
    wslab.talk(url, "hello", b"hello", "bye", timeout=1)
""",
            "the test passes, but the server answers in capital letters",
        ),
        WrongAnswer(
            """
import wslab

def check_echo(url):
    assert wslab.talk(url, "hello", "bye", timeout=1) == ["hello", "bye"]
""",
            "the test passes, but the server makes text of binary messages",
        ),
        WrongAnswer(
            """
import wslab

def check_echo(url):
    assert wslab.talk(url, b"hello", b"bye", timeout=1) == [b"hello", b"bye"]
""",
            "the test passes, but the server makes binary messages of text",
        ),
        WrongAnswer(
            """
import wslab

def check_echo(url):
    for message in ("hello", b"hello"):
        assert wslab.talk(url, message, timeout=1) == [message]
""",
            "the test passes, but the server answers the first message only",
        ),
        WrongAnswer(
            """
import wslab

def check_echo(url):
    messages = ["hello", b"hello", "hello", b"hello"]
    assert wslab.talk(url, *messages, timeout=1) == messages
""",
            "the test passes, but the server repeats the first answer",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def check_echo(url):
    with connect(url, close_timeout=0.2) as ws:
        for message in ("one", "two", b"three", b"four"):
            ws.send(message)
            assert ws.recv() == message
""",
            "never answers: it did not end within",
        ),
        WrongAnswer(
            """
import wslab

def check_echo(url):
    assert wslab.talk(url, "hello", timeout=1) == "hello"
""",
            "with a correct server, which answers at once: it raised AssertionError",
        ),
    ),
    probe=_probe_check_echo,
    minutes=10,
    difficulty=1,
    needs="A server for each test",
)


# ---- 10.2 ----

_DELAY: Final = 0.3


def _leave(server: BackgroundServer, codes: list[int]) -> None:
    """Two clients at the same time; the second one leaves first."""
    with connect(server.url) as one, connect(server.url) as two:
        two.close(codes[1])
        one.close(codes[0])


def _probe_close_code(answer: Any) -> None:
    for when, delay in (("a client that has left already", 0.0), ("one that leaves later", _DELAY)):
        for number in (1, 2):
            codes = [4000 + number, 3000 + number]
            with serve(echo, name=f"check {id(answer)}") as server, during(f"for {when}"):
                thread = threading.Timer(delay, _leave, (server, codes))
                thread.start()
                try:
                    if not delay:
                        thread.join(CLIENT_TIMEOUT)
                    got = call(answer, server, number, timeout=CLIENT_TIMEOUT)
                finally:
                    thread.join(CLIENT_TIMEOUT)
                expected = codes[number - 1]
                if not (isinstance(got, int) and got == expected):
                    raise Finding(
                        f"what client {number} sent as its close code should be returned",
                        expected=str(expected),
                        got=show(got),
                        records=server.transcript.snapshot()[-12:],
                    )


_CLOSE_CODE = Exercise(
    id="10.2",
    title="Wait, however long it takes",
    task=(
        "Write `close_code(server, number)`: the server is one of `wslab.serve()`, and the client "
        "of connection `number` leaves at some time, with a CLOSE frame. Return the close code "
        "that it sent, an `int`, as soon as it is there: it may have left already, or may not even "
        "be connected yet."
    ),
    name="close_code",
    starter="""
def close_code(server, number):
    record = ...
    return record.close_code
""",
    hints=(
        "`server.transcript` has a record for each frame. What can it do besides showing itself?",
        "`server.transcript.wait()` returns the record at once if it is there, and waits for it "
        "if not. What must match?",
        'It takes `connection=`, `sender=` and `kind=`, here `"client"` and `"close"`.',
    ),
    solution="""
def close_code(server, number):
    record = server.transcript.wait(connection=number, sender="client", kind="close", timeout=2)
    return record.close_code
""",
    explanation=(
        "A sleep is too short on a busy machine and too long on every other one. `wait()` takes "
        "as long as it takes, and has an end: it raises `TimeoutError` and says what it waited for."
    ),
    alternatives=(
        """
import asyncio

async def close_code(server, number):
    def is_it(record):
        return record.connection == number and record.kind == "close"

    record = await asyncio.to_thread(server.transcript.wait, sender="client", where=is_it)
    return record.close_code
""",
    ),
    wrong=(
        WrongAnswer(
            """
def close_code(server, number):
    return server.transcript.filter(connection=number, kind="close")[0].close_code
""",
            "for one that leaves later: it raised IndexError",
        ),
        WrongAnswer(
            """
def close_code(server, number):
    return server.transcript.wait(sender="client", kind="close").close_code
""",
            "what client 1 sent as its close code should be returned",
        ),
        WrongAnswer(
            """
def close_code(server, number):
    return server.transcript.wait(connection=1, sender="client", kind="close").close_code
""",
            "what client 2 sent as its close code should be returned",
        ),
        WrongAnswer(
            """
def close_code(server, number):
    server.transcript.wait(connection=number, kind="binary", timeout=0.2)
""",
            "for a client that has left already: it waited for something that never came",
        ),
        WrongAnswer(
            """
import asyncio

async def close_code(server, number):
    while True:
        for record in server.transcript:
            if record.kind == "closed" and record.connection == number:
                return record.close_code
        await asyncio.sleep(0.01)
""",
            "for a client that has left already: it waited for something that never came",
        ),
    ),
    probe=_probe_close_code,
    minutes=10,
    difficulty=2,
    needs="Wait, do not sleep",
)


# ---- 10.3 ----


def _probe_double(answer: Any) -> None:
    def converse(client: Client, topic: str) -> None:
        client.send(f"subscribe {topic}")
        client.expect_text(f"ok {topic}", "a subscription should be confirmed")
        for number in (1, 2, 3):
            client.expect_text(f"{topic} {number}", "three messages should follow")
        client.expect_close(1001, "then the double should close with 1001, as if it restarted")

    with answering(answer) as server:
        for topic in ("news", "sports results", "#wetter "):
            with server.client() as client:
                converse(client, topic)
        for message in ("hello", "", "subscribe", "subscribe ", "unsubscribe news", b"subscribe x"):
            with server.client() as client:
                client.send(message)
                client.expect_close(1008, f"{show(message)} should close with 1008, with no reply")
        with during("two clients at the same time"), server.clients(2) as (one, two):
            two.send("subscribe b")
            two.expect_text("ok b", "a subscription should be confirmed")
            converse(one, "a")


_DOUBLE = Exercise(
    id="10.3",
    title="A double for a server",
    task=(
        "To test a client, you need a server that does what the test wants. Write the handler "
        "`double(ws)`: a first message `subscribe TOPIC` (text, any topic that is not empty) gets "
        "`ok TOPIC`, then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`; then it closes with code 1001, as a "
        "server does that restarts. Any other first message closes with 1008."
    ),
    name="double",
    starter="""
async def double(ws):
    message = await ws.recv()
    ...
""",
    hints=(
        "No loop over messages is needed: one `recv()`, five `send()` or `close()`, in a row.",
        "Binary messages are `bytes`, which have no prefix of type `str`. Look at the type first.",
        '`message.partition(" ")` gives the word, the space and the rest, which may be empty or '
        "contain more spaces.",
    ),
    solution="""
async def double(ws):
    message = await ws.recv()
    command, _, topic = message.partition(" ") if isinstance(message, str) else ("", "", "")
    if command != "subscribe" or not topic:
        await ws.close(1008, "expected: subscribe TOPIC")
        return
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001, "restarting")
""",
    explanation=(
        "A double is a script of one conversation: shorter than the real server, and it does on "
        "demand what the real one does once a year. That it refuses what it does not expect makes "
        "the test fail where the client goes wrong, not later."
    ),
    alternatives=(
        """
import re

async def double(ws):
    first = await ws.recv()
    match = re.fullmatch(r"subscribe (.+)", first) if isinstance(first, str) else None
    script = [f"ok {match[1]}", *(f"{match[1]} {n}" for n in range(1, 4))] if match else []
    for line in script:
        await ws.send(line)
    await ws.close(1001 if match else 1008)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def double(ws):
    topic = (await ws.recv()).split()[-1]
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)
""",
            "a subscription should be confirmed",
        ),
        WrongAnswer(
            """
async def double(ws):
    message = await ws.recv()
    if not message.startswith("subscribe "):
        await ws.close(1008)
        return
    topic = message.removeprefix("subscribe ")
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
""",
            "then the double should close with 1001",
        ),
        WrongAnswer(
            """
async def double(ws):
    message = await ws.recv()
    if isinstance(message, bytes) or not message.startswith("subscribe "):
        await ws.close(1008)
        return
    topic = message.removeprefix("subscribe ")
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)
""",
            "'subscribe ' should close with 1008",
        ),
        WrongAnswer(
            """
async def double(ws):
    message = await ws.recv()
    topic = message.removeprefix("subscribe ")
    await ws.send(f"ok {topic}")
    for number in (1, 2):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)
""",
            "three messages should follow",
        ),
        WrongAnswer(
            """
async def double(ws):
    message = await ws.recv()
    command, _, topic = message.partition(" ")
    if command != "subscribe" or not topic:
        await ws.close(1002)
        return
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)
""",
            "'hello' should close with 1008",
        ),
    ),
    probe=_probe_double,
    minutes=10,
    difficulty=2,
    needs="Against faults",
)


# ---- 10.4 ----


def _counter(
    *,
    start: int = 0,
    shared: bool = False,
    skips: Callable[[str | bytes], bool] = lambda message: False,
    last: int = 1_000,
    delay: float = 0.0,
) -> Handler:
    """Make a server that counts the messages of its clients, with a fault if one is given."""
    everything = {"count": start}

    async def count(ws: ServerConnection) -> None:
        own = everything if shared else {"count": start}
        async for message in ws:
            if not skips(message):
                own["count"] = min(last, own["count"] + 1)
            await asyncio.sleep(delay)
            await ws.send(json.dumps({"count": own["count"]}))

    return count


async def _plain_numbers(ws: ServerConnection) -> None:
    number = 0
    async for _ in ws:
        number += 1
        await ws.send(str(number))


def _probe_check_counter(answer: Any) -> None:
    _judge(
        answer,
        {"answers at once": _counter(), "takes its time": _counter(delay=0.05)},
        {
            "counts from 0": _counter(start=-1),
            "counts the messages of all clients together": _counter(shared=True),
            "does not count binary messages": _counter(skips=lambda one: isinstance(one, bytes)),
            "does not count empty messages": _counter(skips=lambda one: not one),
            "counts to 3 and no further": _counter(last=3),
            "answers with a number instead of an object": _plain_numbers,
        },
    )


_CHECK_COUNTER = Exercise(
    id="10.4",
    title="Find all six",
    task=(
        "A server answers each message of a client, text or binary, empty or not, with the JSON "
        'text `{"count": N}`: how many messages *this* client has sent on this connection. Write '
        "its test `check_counter(url)`, plain or `async`. It returns if the server is right, "
        "within 2 seconds, and fails if not. The check has six servers for it that are each wrong "
        "in another way; which, it says when your test has missed one."
    ),
    name="check_counter",
    starter="""
import json

import wslab


def check_counter(url):
    # your code
    ...
""",
    hints=(
        "Read the first sentence of the task again, word by word: each word is something that a "
        "server can get wrong.",
        "*This* client: with one client alone nobody can tell. Connect two at the same time, or "
        "one after the other.",
        'Send `"a"`, `""`, `b"b"`, `b""`, `"c"` in one `wslab.talk()`, and expect 1 to 5. Then do '
        "it again, and expect 1 to 5 again.",
    ),
    solution="""
import json

import wslab


def check_counter(url):
    messages = ["a", "", b"b", b"", "c"]
    for _ in range(2):
        replies = wslab.talk(url, *messages, timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]
""",
    explanation=(
        "Each word of a specification is a test case, and the edges (empty, binary, a second "
        "client) find more than a long list of ordinary messages. Property-based tests look for "
        "such edges by themselves."
    ),
    alternatives=(
        """
import asyncio
import json
from websockets.asyncio.client import connect

async def check_counter(url):
    async with asyncio.timeout(1.8), connect(url) as ada, connect(url) as grace:
        for count, message in enumerate(["", b"", "x", b"y", "z"], 1):
            for client in (ada, grace):
                await client.send(message)
                assert json.loads(await client.recv()) == {"count": count}
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
import wslab

def check_counter(url):
    replies = wslab.talk(url, "a", "b", "", b"", "e", timeout=1)
    counts = [json.loads(reply)["count"] for reply in replies]
    assert counts == list(range(counts[0], counts[0] + 5))
""",
            "the test passes, but the server counts from 0",
        ),
        WrongAnswer(
            """
import json
import wslab

def check_counter(url):
    replies = wslab.talk(url, "a", "", b"b", b"", "c", timeout=1)
    assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]
""",
            "the test passes, but the server counts the messages of all clients together",
        ),
        WrongAnswer(
            """
import json
import wslab

def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, *"abcde", "", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 7)]
""",
            "the test passes, but the server does not count binary messages",
        ),
        WrongAnswer(
            """
import json
import wslab

def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, *"abcd", b"e", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]
""",
            "the test passes, but the server does not count empty messages",
        ),
        WrongAnswer(
            """
import json
import wslab

def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, "", b"", b"c", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 4)]
""",
            "the test passes, but the server counts to 3 and no further",
        ),
        WrongAnswer(
            """
import wslab

def check_counter(url):
    assert wslab.talk(url, "a", "b", timeout=1) == ["1", "2"]
""",
            "with a correct server, which answers at once: it raised AssertionError",
        ),
    ),
    probe=_probe_check_counter,
    minutes=20,
    difficulty=3,
    needs="Properties",
)


EXERCISES = (_CHECK_ECHO, _CLOSE_CODE, _DOUBLE, _CHECK_COUNTER)
