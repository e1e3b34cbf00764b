"""Exercises of 02 · The server."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.wire import Frame, Record

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import HELD_UP, REPLY_TIMEOUT, Client, Server, answering, during, show, small_socket

__all__ = ["EXERCISES"]


# ---- 2.1 ----

_WELCOME: Final = "Welcome to the WebSocket server!"


def _probe_welcome(answer: Any) -> None:
    greeted = "each client should be welcomed at once, before it says anything"
    replied = "each message should be answered with 'Server received: ' and the message"
    with answering(answer) as server:
        with server.clients(2) as (ada, grace):
            ada.expect_text(_WELCOME, greeted)
            with during("with a second client"):
                grace.expect_text(_WELCOME, greeted)
            conversation = [
                (ada, "Hello, server!"),
                (ada, "how are you?"),
                (grace, "Grüße, 世界"),
                (ada, '{"message":"Hello from client"}'),
                (grace, ""),
                (grace, "bye"),
            ]
            for client, message in conversation:
                client.send(message)
                client.expect_text(f"Server received: {message}", replied)
            for message in ("one", "two", "three"):
                ada.send(message)
            with during("three messages at once"):
                for message in ("one", "two", "three"):
                    ada.expect_text(f"Server received: {message}", replied)
        with during("after all clients have left"), server.client() as late:
            late.expect_text(_WELCOME, greeted)
            late.send("anybody here?")
            late.expect_text("Server received: anybody here?", replied)

        def expect(client: Client, problem: str) -> None:
            client.expect_text(_WELCOME, problem)
            client.expect_text("Server received: hello", problem)

        server.serve_crowd("hello", expect)


_WELCOME_EXERCISE = Exercise(
    id="2.1",
    title="Welcome, and answer",
    task=(
        "Complete the two lines. The server sends `Welcome to the WebSocket server!` to each "
        "client that connects, and answers each of its messages with `Server received: ` and the "
        "message, all of it as text."
    ),
    name="welcome",
    starter="""
async def welcome(ws):
    # your code
    ...
    async for message in ws:
        ...
""",
    hints=(
        "What stands above the loop runs once for each client, what stands in it runs for each "
        "message.",
        "`ws.send()` is a coroutine. Without `await` nothing is sent.",
        'Above the loop `await ws.send("Welcome to the WebSocket server!")`, in it the same with '
        'an f-string: `f"Server received: {message}"`.',
    ),
    solution="""
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")
""",
    explanation=(
        "The handler is called once for each connection, so its first line is the first thing that "
        "each client gets. The loop is the rest of the connection's life."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

async def welcome(ws):
    print("A new client connected")
    await ws.send("Welcome to the WebSocket server!")
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            print("Client disconnected")
            return
        print("Received message:", message)
        await ws.send("Server received: " + message)
""",
        """
class Greeter:
    greeting = b"Welcome to the WebSocket server!"

    async def __call__(self, ws):
        await ws.send(self.greeting, text=True)
        async for message in ws:
            await ws.send("Server received: {}".format(message))

welcome = Greeter()
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    message = await ws.recv()
    await ws.send(f"Server received: {message}")
""",
            "the connection was closed",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    async for message in ws:
        await ws.send("Welcome to the WebSocket server!")
        await ws.send(f"Server received: {message}")
""",
            "before it says anything: no message came",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send("Server received: Hello, server!")
""",
            "'Server received: ' and the message",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    await ws.send(b"Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}".encode())
""",
            "a binary message came where text is due",
        ),
        WrongAnswer(
            """
greeted = False

async def welcome(ws):
    global greeted
    if not greeted:
        greeted = True
        await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")
""",
            "with a second client: each client should be welcomed",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        if not message:
            break
        await ws.send(f"Server received: {message}")
""",
            "the connection was closed",
        ),
        WrongAnswer(
            """
def welcome(ws):
    ws.send("Welcome to the WebSocket server!")
""",
            "must be an async function",
        ),
        WrongAnswer(
            """
import time

async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        time.sleep(0.06)
        await ws.send(f"Server received: {message}")
""",
            "the handler holds up the event loop",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    while True:
        try:
            message = await ws.recv()
            await ws.send(f"Server received: {message}")
        except Exception:
            pass
""",
            "goes on for ever after its client has left",
        ),
    ),
    probe=_probe_welcome,
    minutes=5,
    difficulty=1,
    needs="The whole server",
)


# ---- 2.2 ----

_NO_QUESTION: Final = {"error": "not a question"}


def _probe_answers(answer: Any) -> None:
    def ask(client: Client, id: object, question: str) -> None:
        client.send(json.dumps({"id": id, "question": question}, ensure_ascii=False))

    def expect(client: Client, id: object, question: str) -> None:
        expected = {"id": id, "answer": question.upper()}
        wanted = f"JSON text: {json.dumps(expected, ensure_ascii=False)}"
        got = client.receive_json(wanted, "each question should be answered")
        problem = ""
        if not isinstance(got, dict) or got.keys() != expected.keys():
            problem = "the answer to a question should have the keys `id` and `answer`"
        elif (type(got["id"]), got["id"]) != (type(id), id):
            problem = "the answer should have the id of its question"
        elif got["answer"] != expected["answer"]:
            problem = "the answer should be the question in capital letters"
        if problem:
            raise client.finding(problem, wanted, json.dumps(got, ensure_ascii=False))

    def refuse(client: Client) -> None:
        wanted = f"JSON text: {json.dumps(_NO_QUESTION)}"
        problem = "what is not a question should be answered with an error"
        got = client.receive_json(wanted, problem)
        if got != _NO_QUESTION:
            raise client.finding(problem, wanted, json.dumps(got, ensure_ascii=False))

    others = [
        ("what is not JSON", ["hello", "", '{"id": 1, "question": "unfinished"', "{'id': 1}"]),
        ("JSON that is no object", ["[1, 2]", '"id, question"', "17", "null", "true"]),
        ("an object without a question", ['{"id": 1}', '{"question": "no id"}', "{}"]),
        ("a question that is not a string", ['{"id": 1, "question": 42}']),
    ]
    with answering(answer) as server, server.clients(2) as (ada, grace):
        questions = [(7, "how are you?"), (0, "Olá, 世界?"), ("b-2", "why"), (8, "")]
        for id, question in questions:
            ask(ada, id, question)
            expect(ada, id, question)
        for what, messages in others:
            for message in messages:
                with during(f"after {what}"):
                    ada.send(message)
                    refuse(ada)
                    ask(ada, message, "and now?")
                    expect(ada, message, "and now?")
        with during("with a second client"):
            for id, question in questions:
                ask(grace, id, question)
            grace.send("...")
            for id, question in questions:
                expect(grace, id, question)
            refuse(grace)
        ask(ada, "last", "still here?")
        expect(ada, "last", "still here?")
        server.serve_crowd(
            '{"id": 1, "question": "now?"}',
            lambda client, problem: client.expect_json({"id": 1, "answer": "NOW?"}, problem),
        )


_ANSWERS = Exercise(
    id="2.2",
    title="Answer questions, survive everything else",
    task=(
        "Write `answer_questions(ws)`. A question is a JSON object "
        '`{"id": …, "question": …}` whose question is a string; the answer is the JSON text '
        '`{"id": …, "answer": …}` with the same id and the question in capital letters. Any other '
        'text is answered with `{"error": "not a question"}`, and the conversation goes on.'
    ),
    name="answer_questions",
    starter="""
import json


async def answer_questions(ws):
    async for message in ws:
        ...
""",
    hints=(
        "There are two ways to be no question: not JSON at all, or JSON of another shape, such as "
        "`[1, 2]`. Where must the `try` stand, so that the loop goes on?",
        "`json.loads()` raises `json.JSONDecodeError` for what is not JSON. After that, look at "
        "what came out: is it a `dict`, does it have both keys, is the question a `str`?",
        'One `try` in the loop is enough: `data["id"]` and `data["question"]` raise `KeyError` or '
        "`TypeError` where there are none, and `.upper()` raises `AttributeError` for a number. "
        "`except (ValueError, KeyError, TypeError, AttributeError):` catches them all.",
    ),
    solution="""
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))
""",
    explanation=(
        "The `try` is inside the loop, so one bad message costs one error and not the connection; "
        "and only what a bad message can cause is inside the `try`. `json.JSONDecodeError` is a "
        "`ValueError`; the others are for JSON of another shape. With the id in the answer, the "
        "client of exercise 1.4 can ask many questions at once."
    ),
    alternatives=(
        """
import json

def answer(message):
    try:
        match json.loads(message):
            case {"id": id, "question": str(question)}:
                return {"answer": question.upper(), "id": id}
    except json.JSONDecodeError as error:
        print(f"Invalid JSON message: {error}")
    return {"error": "not a question"}

async def answer_questions(ws):
    async for message in ws:
        await ws.send(json.dumps(answer(message), separators=(",", ":"), ensure_ascii=False))
""",
        """
import json
from websockets.exceptions import ConnectionClosed

async def answer_questions(ws):
    try:
        while True:
            message = await ws.recv()
            reply = {"error": "not a question"}
            try:
                data = json.loads(message)
            except ValueError:
                pass
            else:
                if isinstance(data, dict) and "id" in data:
                    if isinstance(data.get("question"), str):
                        reply = dict(id=data["id"], answer=data["question"].upper())
            await ws.send(json.dumps(reply, indent=2))
    except ConnectionClosed:
        pass
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        data = json.loads(message)
        await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))
""",
            "after what is not JSON: what is not a question should be answered with an error: "
            "the connection was closed",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
        except json.JSONDecodeError:
            await ws.send(json.dumps({"error": "not a question"}))
            continue
        await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))
""",
            "after JSON that is no object: what is not a question",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    try:
        async for message in ws:
            data = json.loads(message)
            await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))
    except (ValueError, KeyError, TypeError, AttributeError):
        await ws.send(json.dumps({"error": "not a question"}))
""",
            "after what is not JSON: each question should be answered: the connection was closed",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            if not isinstance(data, dict) or not data.get("id") or not data.get("question"):
                raise ValueError
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))
""",
            "should have the keys `id` and `answer`",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    number = 6
    async for message in ws:
        number += 1
        data = json.loads(message)
        await ws.send(json.dumps({"id": number, "answer": data["question"].upper()}))
""",
            "the id of its question",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": "HOW ARE YOU?"}
        except (ValueError, KeyError, TypeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))
""",
            "in capital letters",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(str(reply))
""",
            "what came is not JSON",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": str(data["question"]).upper()}
        except (ValueError, KeyError, TypeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))
""",
            "after a question that is not a string",
        ),
        WrongAnswer(
            """
import json
import time

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        time.sleep(0.06)
        await ws.send(json.dumps(reply))
""",
            "the handler holds up the event loop",
        ),
        WrongAnswer(
            """
import json

async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply).encode())
""",
            "a binary message came where text is due",
        ),
    ),
    probe=_probe_answers,
    minutes=15,
    difficulty=2,
    needs="The whole server",
)


# ---- 2.3 ----


class _Guest:
    """A client of the headcount."""

    def __init__(self, client: Client, before: int | None) -> None:
        self.client = client
        self.messages = 0
        wanted = 'JSON text: {"client": …}, one more than the client before'
        got = client.receive_json(wanted, "a client should be told its number when it connects")
        if not isinstance(got, dict) or type(got.get("client")) is not int:
            problem = "a client should be told its number, a whole number under the key `client`"
            raise client.finding(problem, wanted, json.dumps(got))
        self.number: int = got["client"]
        if before is not None and self.number != before + 1:
            problem = "each client should get the number after that of the client before"
            raise client.finding(problem, f'JSON text: {{"client": {before + 1}}}', json.dumps(got))

    def ask(self) -> tuple[int, str]:
        """Send a message; return how many clients there are, as the server says."""
        self.client.send(f"message {self.messages}")
        self.messages += 1
        wanted = f'JSON text: {{"messages": {self.messages}, "clients": …}}'
        got = self.client.receive_json(wanted, "each message should be answered")
        if not isinstance(got, dict) or not got.keys() >= {"messages", "clients"}:
            problem = "the answer should have the keys `messages` and `clients`"
            raise self.client.finding(problem, wanted, json.dumps(got))
        if got["messages"] != self.messages:
            problem = "`messages` should be how many messages this client has sent"
            raise self.client.finding(problem, wanted, json.dumps(got))
        return got["clients"], json.dumps(got)

    def expect_clients(self, clients: int, problem: str) -> None:
        """Expect this number of clients now."""
        self._expect(clients, problem, *self.ask())

    def expect_clients_soon(self, clients: int, problem: str) -> None:
        """Expect it after a while: that somebody has left takes its time to be known."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        while (answer := self.ask())[0] != clients and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        self._expect(clients, problem, *answer)

    def _expect(self, clients: int, problem: str, got: int, words: str) -> None:
        if got != clients:
            wanted = f'JSON text: {{"messages": {self.messages}, "clients": {clients}}}'
            raise self.client.finding(problem, wanted, words)


def _probe_headcount(answer: Any) -> None:
    here = "`clients` should be how many clients are connected"
    gone = "a client that has left should not count any more"
    with answering(answer) as server:
        with server.client() as first:
            ada = _Guest(first, None)
            ada.expect_clients(1, here)
            ada.expect_clients(1, here)
            with server.client() as second:
                with during("with a second client"):
                    grace = _Guest(second, ada.number)
                    for guest in (grace, ada, ada, grace, ada):
                        guest.expect_clients(2, here)
                with during("with a third client"), server.client() as third:
                    lin = _Guest(third, grace.number)
                    for guest in (lin, ada, grace):
                        guest.expect_clients(3, here)
                with during("after a client has said goodbye"):
                    ada.expect_clients_soon(2, gone)
            ada.expect_clients_soon(1, gone)
            last = lin.number
            for how, leave in [
                ("after a client has closed with code 4001", lambda ws: ws.close(4001, "bored")),
                ("after a client has vanished", None),
            ]:
                with server.client() as other:
                    with during("after others have left"):
                        guest = _Guest(other, last)
                        last = guest.number
                        guest.expect_clients(2, here)
                    if leave is None:
                        other.vanish()
                    else:
                        leave(other.ws)
                with during(how):
                    ada.expect_clients_soon(1, gone)
        with during("after all have left"), server.client() as late:
            _Guest(late, last).expect_clients_soon(1, gone)


_HEADCOUNT = Exercise(
    id="2.3",
    title="Who is here?",
    task=(
        "Write `headcount(ws)`; all it sends is JSON text. A client that connects is told its "
        'number, such as `{"client": 3}`: one more than that of the client before, so no number '
        "is given twice. Each message is answered with "
        '`{"messages": 2, "clients": 5}`: how many messages this client has sent, and how many '
        "clients are connected now. Whoever has left, in whatever way, is not counted."
    ),
    name="headcount",
    starter="""
import json

guests = set()
last_number = 0


async def headcount(ws):
    global last_number
    ...
    async for message in ws:
        ...
""",
    hints=(
        "Two of the three counters are shared by all clients, one belongs to one client. Which of "
        "them is a local variable?",
        "The number of a client comes from a counter that never goes down; `len(guests)` does.",
        "`guests.add(ws)` before the loop, then `try:` with the whole loop in it, and "
        "`finally: guests.discard(ws)`. After the loop without `finally`, it is not reached when "
        "the loop raises.",
    ),
    solution="""
import json

guests = set()
last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    try:
        await ws.send(json.dumps({"client": last_number}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)
""",
    explanation=(
        "`messages` is local, so each call of the handler, that is each connection, has its own. "
        "`guests` and `last_number` are global. Nothing can come between `last_number += 1` and "
        "the `send()` that reads it, because handlers take turns only at an `await` that waits. "
        "`finally` runs in all three cases: normal close, another code, lost connection."
    ),
    alternatives=(
        """
import itertools
import json
from websockets.exceptions import ConnectionClosed

numbers = itertools.count(1)
counts = {}

async def headcount(ws):
    number = next(numbers)
    counts[number] = 0
    print("client", number, "is here")
    try:
        await ws.send(json.dumps({"client": number}))
        while True:
            await ws.recv()
            counts[number] += 1
            reply = {"clients": len(counts), "messages": counts[number]}
            await ws.send(json.dumps(reply, separators=(",", ":")))
    except ConnectionClosed as closed:
        print("client", number, "has left:", closed)
    finally:
        del counts[number]
""",
        """
import contextlib
import json

class Counter:
    here = total = 0

@contextlib.contextmanager
def counted():
    Counter.here += 1
    Counter.total += 1
    try:
        yield Counter.total
    finally:
        Counter.here -= 1

async def headcount(ws):
    with counted() as number:
        await ws.send('{"client": %d}' % number)
        messages = 0
        async for _ in ws:
            messages += 1
            await ws.send('{"messages": %d, "clients": %d}' % (messages, Counter.here))
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json

guests = set()
last_number = 0

async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    guests.discard(ws)
""",
            "after a client has closed with code 4001: a client that has left should not count",
        ),
        WrongAnswer(
            """
import json

last_number = 0

async def headcount(ws):
    global last_number
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": last_number}))
""",
            "after a client has said goodbye: a client that has left should not count",
        ),
        WrongAnswer(
            """
import json

guests = set()

async def headcount(ws):
    guests.add(ws)
    messages = 0
    try:
        await ws.send(json.dumps({"client": len(guests)}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)
""",
            "after others have left: each client should get the number after",
        ),
        WrongAnswer(
            """
import json

guests = set()
last_number = messages = 0

async def headcount(ws):
    global last_number, messages
    last_number += 1
    guests.add(ws)
    try:
        await ws.send(json.dumps({"client": last_number}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)
""",
            "how many messages this client has sent",
        ),
        WrongAnswer(
            """
import asyncio
import json

lock = asyncio.Lock()
number = 0

async def headcount(ws):
    global number
    async with lock:
        number += 1
        await ws.send(json.dumps({"client": number}))
        messages = 0
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": 1}))
""",
            "with a second client: a client should be told its number when it connects: no message",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosedError

here = last_number = 0

async def headcount(ws):
    global here, last_number
    here += 1
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    try:
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": here}))
    except ConnectionClosedError:
        here -= 1
    finally:
        here -= 1
""",
            "after a client has closed with code 4001",
        ),
        WrongAnswer(
            """
import json

last_number = 0
guests = set()

async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    try:
        async for message in ws:
            if messages == 0:
                await ws.send(json.dumps({"client": last_number}))
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)
""",
            "told its number when it connects: no message came",
        ),
        WrongAnswer(
            """
import json

last_number = 0

async def headcount(ws):
    global last_number
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": 1}))
""",
            "how many clients are connected",
        ),
        WrongAnswer(
            """
import json

last_number = 0

async def headcount(ws):
    global last_number
    last_number += 1
    await ws.send(json.dumps(f"client {last_number}"))
    async for message in ws:
        await ws.send(json.dumps({"messages": 1, "clients": 1}))
""",
            "a whole number under the key `client`",
        ),
        WrongAnswer(
            """
import json

last_number = 0

async def headcount(ws):
    global last_number
    last_number += 1
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        await ws.send(json.dumps({"client": last_number, "clients": 1}))
""",
            "should have the keys `messages` and `clients`",
        ),
    ),
    probe=_probe_headcount,
    minutes=15,
    difficulty=2,
    needs="Several clients",
)


# ---- 2.4 ----


def _probe_limited(answer: Any) -> None:
    def expect_length(client: Client, message: str, problem: str) -> None:
        client.send(message)
        client.expect_text(str(len(message)), problem)

    counted = "a message should be answered with the number of its characters"
    allowed = "a message of 100 characters is not too long"
    with answering(answer) as server, server.client() as ada:
        for message in ("hello", "", "a message with more words", "x" * 99):
            expect_length(ada, message, counted)
        expect_length(ada, "y" * 100, allowed)
        with during("characters that take several bytes each"):
            expect_length(ada, "Grüße, 世界", counted)
            expect_length(ada, "ß" * 100, allowed)
        for size in (101, 230, 999):
            with server.client() as rude:
                with during("with a second client"):
                    expect_length(rude, "hello", counted)
                rude.send("z" * size)
                rude.send("short again")
                _expect_refusal(rude, size)
            with during("after another client has been closed"):
                expect_length(ada, "w" * (size % 100), counted)
        with during("after the limit was met three times"), server.client() as late:
            expect_length(late, "hello", counted)
            expect_length(ada, "bye", counted)


def _expect_refusal(client: Client, size: int) -> None:
    reason = f"too long: {size} characters"
    expected = f"the connection closed with code 1008 and the reason {reason!r}"
    problem = f"a message of {size} characters should be answered by closing the connection"
    try:
        got = show(client.ws.recv(timeout=REPLY_TIMEOUT))
    except TimeoutError:
        raise client.finding(f"{problem}: it stays open", expected, "an open connection") from None
    except ConnectionClosed as exc:
        if client.ws.close_code != 1008:
            problem = "the close code should be 1008"
        elif client.ws.close_reason != reason:
            problem = "the reason should say how many characters the message has"
        else:
            return
        raise client.finding(problem, expected, client.why(exc)) from None
    raise client.finding(f"{problem}, and by no message", expected, got)


_LIMITED = Exercise(
    id="2.4",
    title="Too long",
    task=(
        "Write `limited(ws)`. It answers each text message with the number of its characters, such "
        "as `5` for `hello`. To a message of more than 100 characters it sends no answer; it "
        "closes this connection with code 1008 and the reason `too long: 101 characters`, with the "
        "number that it has. All other clients go on."
    ),
    name="limited",
    starter="""
async def limited(ws):
    async for message in ws:
        ...
""",
    hints=(
        "`len()` of a `str` counts characters. And when the handler returns, or raises: with which "
        "code does the connection close then?",
        "`await ws.close(code, reason)` sends the CLOSE frame that you want.",
        'In the loop: `if len(message) > 100:`, then `await ws.close(1008, f"too long: '
        '{len(message)} characters")` and `return`; below it, the answer.',
    ),
    solution="""
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))
""",
    explanation=(
        "Returning alone would close with 1000, raising with 1011; `close()` chooses. 1008 means "
        "that a message violates the server's policy (RFC 6455 §7.4.1). The other clients notice "
        "nothing: each has its own call of the handler. A reason has at most 123 bytes, so never "
        "put the message itself into it."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

async def limited(ws):
    try:
        while True:
            message = await ws.recv()
            size = len(message)
            print("received", size, "characters")
            if size <= 100:
                await ws.send(f"{size}")
            else:
                await ws.close(code=1008, reason="too long: %d characters" % size)
    except ConnectionClosed:
        print("closed")
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) >= 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))
""",
            "a message of 100 characters is not too long",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        size = len(message.encode())
        if size > 100:
            await ws.close(1008, f"too long: {size} characters")
            return
        await ws.send(str(size))
""",
            "characters that take several bytes each",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            return
        await ws.send(str(len(message)))
""",
            "the close code should be 1008",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.send(f"too long: {len(message)} characters")
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))
""",
            "and by no message",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, "too long: 101 characters")
            return
        await ws.send(str(len(message)))
""",
            "how many characters the message has",
        ),
        WrongAnswer(
            """
guests = set()

async def limited(ws):
    guests.add(ws)
    async for message in ws:
        if len(message) > 100:
            for guest in list(guests):
                await guest.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))
""",
            "after another client has been closed",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) <= 100:
            await ws.send(str(len(message)))
        elif len(message) == 101:
            await ws.close(1008, f"too long: {len(message)} characters")
        else:
            await ws.wait_closed()
""",
            "it stays open",
        ),
        WrongAnswer(
            """
async def limited(ws):
    message = await ws.recv()
    if len(message) > 100:
        await ws.close(1008, f"too long: {len(message)} characters")
    await ws.send(str(len(message)))
""",
            "the number of its characters: the connection was closed",
        ),
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            raise SystemExit(f"too long: {len(message)} characters")
        await ws.send(str(len(message)))
""",
            "the close code should be 1008",
        ),
    ),
    probe=_probe_limited,
    minutes=10,
    difficulty=2,
    needs="Noticing the end",
)


# ---- 2.5 ----

_TICK: Final = re.compile(r"tick ([0-9]{1,9})", re.ASCII)
_MANY: Final = 1000
_PACE: Final = "a tick is due every 10 milliseconds"


class _Listener:
    """A client of the metronome, which knows what its next tick must be."""

    def __init__(self, client: Client, server: Server) -> None:
        self.client = client
        self.server = server
        self.next = 1

    def ticks(self, count: int, problem: str) -> None:
        """Expect so many ticks in a row, and not too slowly."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        for number in range(count):
            expected = f"'tick {self.next}'"
            self._tick(self.client.receive_text(expected, problem), expected, problem)
            if time.monotonic() > deadline:
                got = f"{number + 1} in {REPLY_TIMEOUT:g} s"
                raise self.client.finding(_PACE, f"{count} ticks in less time", got)

    def until(self, text: str, problem: str) -> None:
        """Expect this text, after any number of ticks."""
        expected = f"{text!r}, perhaps after some ticks"
        deadline = time.monotonic() + REPLY_TIMEOUT
        for _ in range(_MANY):
            got = self.client.receive_text(expected, problem)
            if got == text:
                return
            self._tick(got, expected, problem)
            if time.monotonic() > deadline:
                break
        problem = HELD_UP if self.server.is_held_up() else problem
        raise self.client.finding(problem, expected, "nothing but ticks")

    def _tick(self, got: str, expected: str, problem: str) -> None:
        match = _TICK.fullmatch(got)
        if match is None:
            raise self.client.finding(problem, expected, show(got))
        if int(match[1]) != self.next:
            problem = "each tick should have the number after that of the tick before"
            raise self.client.finding(problem, f"'tick {self.next}'", show(got))
        self.next += 1


def _expect_pace(server: Server) -> None:
    """Expect that the ticks of the first client did not come much faster than they should."""
    frames = server.background.transcript.filter(connection=1, kind="text")
    starts = frames.filter(sender="client", where=lambda record: _text(record) == "start")
    ticks = frames.filter(sender="server", where=lambda record: _text(record).startswith("tick "))
    # From the start on: one that is late may catch up.
    if not starts or ticks[-1].time - starts[0].time < 0.005 * (len(ticks) - 1):
        raise Finding(
            _PACE,
            sent="'start'",
            expected=f"{len(ticks)} ticks in {10 * (len(ticks) - 1)} ms",
            got="them much faster",
            records=ticks[-12:],
        )


def _text(record: Record) -> str:
    return (record.text or "") if isinstance(record, Frame) else ""


def _probe_metronome(answer: Any) -> None:
    echoed = "any other message should be sent back at once"
    ticking = "after `start`, ticks should come one after the other"
    stopped = "`stop` should be answered with `stopped`"
    quiet = "after `stopped` no tick may come before the next `start`"
    with answering(answer) as server:
        with server.client() as first:
            ada = _Listener(first, server)
            first.send("hello")
            first.expect_text("hello", "before `start` there are no ticks, and " + echoed)
            first.expect_silence("before `start` there are no ticks", 0.1)
            first.send("start")
            ada.ticks(5, ticking)
            with during("while it ticks"):
                for message in ("are you there?", "Grüße", "start over"):
                    first.send(message)
                    ada.until(message, echoed)
                ada.ticks(10, ticking)
                _expect_pace(server)
            with server.client() as second:
                grace = _Listener(second, server)
                with during("with a second client"):
                    second.send("hello")
                    second.expect_text("hello", "each client has ticks of its own, and " + echoed)
                    second.send("start")
                    grace.ticks(3, "each client has ticks of its own")
                    ada.ticks(3, ticking)
                with during("after a second `start`"):
                    first.send("start")
                    first.send("still there?")
                    ada.until("still there?", echoed)
                    ada.ticks(10, ticking)
                first.send("stop")
                ada.until("stopped", stopped)
                first.expect_silence(quiet)
                with during("after another client has stopped"):
                    grace.ticks(3, ticking)
                second.vanish()
            with during("when it goes on"):
                first.send("start")
                ada.ticks(5, ticking)
                first.send("stop")
                ada.until("stopped", stopped)
                first.send("stop")
                first.expect_text("stopped", stopped)
                first.send("hello")
                first.expect_text("hello", echoed)
        with during("after others have left"), server.client() as third:
            lin = _Listener(third, server)
            third.send("start")
            lin.ticks(3, "each client has ticks of its own")
        server.expect_handlers_to_end("the handler should return when its client has left")


_METRONOME = Exercise(
    id="2.5",
    title="Ticks on demand",
    task=(
        "Write `metronome(ws)`. After `start` it sends `tick 1`, `tick 2` and so on, one every 10 "
        "milliseconds, until `stop`, which it always answers with `stopped`; the next `start` goes "
        "on with the next number, and a `start` while it ticks changes nothing. Any other text is "
        "sent back at once, ticking or not. Each client has its own ticks, and when a client has "
        "left, its handler returns."
    ),
    name="metronome",
    starter="""
import asyncio


async def metronome(ws):
    async for message in ws:
        if message == "start":
            ...
        elif message == "stop":
            ...
        else:
            await ws.send(message)
""",
    hints=(
        "The loop has to go on receiving while ticks are sent. So they are sent by a task of its "
        "own, as in `ticker`; `start` makes it, `stop` cancels it.",
        "The number of the next tick has to survive the task: a variable of the handler, which the "
        "inner function changes with `nonlocal`. And a variable says whether there is a task now: "
        "`sender = None`.",
        "`if sender is None: sender = asyncio.create_task(send_ticks())`; for `stop`, "
        '`sender.cancel()`, `sender = None`, `await ws.send("stopped")`. The loop stands in '
        "`try:`; in `finally:` the task is cancelled if there is one.",
    ),
    solution="""
import asyncio


async def metronome(ws):
    tick = 0
    sender = None

    async def send_ticks():
        nonlocal tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    try:
        async for message in ws:
            if message == "start":
                if sender is None:
                    sender = asyncio.create_task(send_ticks())
            elif message == "stop":
                if sender is not None:
                    sender.cancel()
                    sender = None
                await ws.send("stopped")
            else:
                await ws.send(message)
    finally:
        if sender is not None:
            sender.cancel()
""",
    explanation=(
        "Two things at once are two tasks: the handler receives, `sender` sends. A cancelled task "
        "does not run on from where it waits, so no tick follows `stopped`. Nobody but the handler "
        "knows the task; so the handler ends it, in `finally`, however the connection ends."
    ),
    alternatives=(
        """
import asyncio

async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            await ws.send(f"tick {number}")
            number += 1
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        ticker = tasks.create_task(tick())
        try:
            async for message in ws:
                print(message)
                if message == "start":
                    running.set()
                elif message == "stop":
                    running.clear()
                    await ws.send("stopped")
                else:
                    await ws.send(message)
        finally:
            ticker.cancel()
""",
        """
import asyncio
from websockets.exceptions import ConnectionClosed

async def metronome(ws):
    number, ticking = 0, False
    while True:
        try:
            async with asyncio.timeout(0.01 if ticking else None):
                message = await ws.recv()
        except TimeoutError:
            number += 1
            await ws.send(f"tick {number}")
        except ConnectionClosed:
            return
        else:
            if message in ("start", "stop"):
                ticking = message == "start"
            if message != "start":
                await ws.send("stopped" if message == "stop" else message)
""",
    ),
    wrong=(
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    tick = 0
    async for message in ws:
        if message == "start":
            while True:
                tick += 1
                await ws.send(f"tick {tick}")
                await asyncio.sleep(0.01)
        elif message == "stop":
            await ws.send("stopped")
        else:
            await ws.send(message)
""",
            "while it ticks: any other message should be sent back at once",
        ),
        WrongAnswer(
            """
import time

async def metronome(ws):
    tick = 0
    async for message in ws:
        if message == "start":
            while True:
                tick += 1
                await ws.send(f"tick {tick}")
                time.sleep(0.01)
        else:
            await ws.send(message)
""",
            "the handler holds up the event loop",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    tick = 0

    async def send_ticks():
        nonlocal tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
            await ws.send("stopped")
        else:
            await ws.send(message)
""",
            "after `stopped` no tick may come",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)
""",
            "when it goes on: each tick should have the number after that of the tick before",
        ),
        WrongAnswer(
            """
import asyncio

tick = 0

async def metronome(ws):
    async def send_ticks():
        global tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)
""",
            "with a second client: each tick should have the number",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            await ws.send(f"tick {number}")
            number += 1
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tick())
        async for message in ws:
            if message == "start":
                running.set()
            elif message == "stop":
                running.clear()
                await ws.send("stopped")
            else:
                await ws.send(message)
""",
            "the handler should return when its client has left",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
            break
        else:
            await ws.send(message)
""",
            "`stop` should be answered with `stopped`: the connection was closed",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            try:
                await asyncio.sleep(0.01)
            except BaseException:
                pass

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)
""",
            "after `stopped` no tick may come",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}" if tick < 4 else "tick")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)
""",
            "ticks should come one after the other",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.25)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)
""",
            "a tick is due every 10 milliseconds",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)
""",
            "a tick is due every 10 milliseconds",
        ),
        WrongAnswer(
            """
import asyncio

async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send_ticks())
        async for message in ws:
            await ws.send("stopped" if message == "stop" else message)
""",
            "before `start` there are no ticks",
        ),
    ),
    probe=_probe_metronome,
    minutes=20,
    difficulty=3,
    needs="Sending without being asked",
)


# ---- 2.6 ----

_LONG: Final = 64 * 1024


def _probe_room(answer: Any) -> None:
    delivered = "each message should be sent to all other clients"
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(small_socket())
        server = stack.enter_context(answering(answer, sock=listening))
        ada, grace, lin = people = stack.enter_context(server.clients(3))

        def say(speaker: Client, *messages: str) -> None:
            for message in messages:
                speaker.send(message)
            for listener in people:
                for message in messages if listener is not speaker else ():
                    try:
                        hear(listener, message)
                    except Finding as finding:
                        finding.sent = ", ".join(show(message) for message in messages)
                        finding.sent += " by another client"
                        finding.records = server.background.transcript.snapshot()[-12:]
                        raise
            said.setdefault(speaker, set()).update(messages)

        def hear(listener: Client, message: str) -> None:
            got = listener.receive_text(show(message), delivered)
            if got != message:
                own = got in said.get(listener, ())
                problem = "nobody should get a message of their own" if own else delivered
                raise listener.finding(problem, show(message), show(got))

        said: dict[Client, set[str]] = {}
        for client in people:
            client.barrier()
        say(ada, "Hello, is anybody here?")
        say(grace, "Grüße von Grace")
        say(lin, '{"message":"Hello from Lin"}')
        with during("three messages at once"):
            say(ada, "one", "two", "three")
        lin.ws.close()
        server.wait_for_handlers(2)
        people = [ada, grace]
        with during("after a client has said goodbye"):
            say(ada, "Lin has left")
            say(grace, "yes")
        with server.client() as guest:
            guest.barrier()
            guest.vanish()
        server.wait_for_handlers(2)
        with during("after a client has vanished"):
            say(ada, "who was that?")
            say(grace, "I do not know")
        with during("while one client does not read what it is sent"), server.deaf_client() as deaf:
            deaf.barrier()
            for n in range(12):
                say(ada, f"{n} {'long ' * (_LONG // 5)}")
                say(grace, f"and so on {n}")
        with during("with a client that came later"), server.client() as joan:
            joan.barrier()
            people = [ada, grace, joan]
            say(ada, "welcome")
            say(joan, "thank you")
            say(grace, "bye")
        with during("when only one is left"):
            grace.ws.close()
            server.wait_for_handlers(1)
            ada.send("alone now")
            with server.client() as last:
                last.barrier()
                people = [ada, last]
                say(ada, "somebody new")
                say(last, "hello")


_ROOM = Exercise(
    id="2.6",
    title="A room",
    task=(
        "Write `room(ws)`: it sends each text message, unchanged and in order, to all other "
        "clients that are connected, and not back to its sender. A client that leaves, in whatever "
        "way, disturbs nobody. One that stays but does not read what it is sent holds up nobody "
        "else."
    ),
    name="room",
    starter="""
people = set()


async def room(ws):
    # your code
    ...
""",
    hints=(
        "A set of all who are here, as in `count`; `finally` takes out whoever has left.",
        "`await other.send(message)` waits as long as the way to `other` is full, and the loop "
        "over the others waits with it. A task of its own may wait: `asyncio.create_task()`. Or "
        "do not wait at all.",
        "`from websockets.asyncio.server import broadcast`; `broadcast(people - {ws}, message)`, "
        "without `await`, sends to all of them, waits for nobody, and passes over those who are "
        "about to leave.",
    ),
    solution="""
from websockets.asyncio.server import broadcast

people = set()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people - {ws}, message)
    finally:
        people.discard(ws)
""",
    explanation=(
        "A loop with `await other.send(message)` works until one of the others is slow: `send()` "
        "waits until there is room again, and so does everybody. It also raises `ConnectionClosed` "
        "for one who has just left, in the handler of somebody else. `broadcast()` waits for "
        "nobody. What a slow client has not read is kept in memory; the keepalive of `websockets` "
        "closes the connection of one that does not answer a PING within 20 seconds."
    ),
    alternatives=(
        """
import asyncio
import contextlib
from websockets.exceptions import ConnectionClosed

people = set()
sending = set()

async def deliver(other, message):
    with contextlib.suppress(ConnectionClosed):
        await other.send(message)

async def room(ws):
    people.add(ws)
    print(len(people), "people are here")
    try:
        while True:
            message = await ws.recv()
            for other in people:
                if other is not ws:
                    task = asyncio.create_task(deliver(other, message))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
    except ConnectionClosed:
        pass
    finally:
        people.remove(ws)
""",
        """
import asyncio

queues = {}

async def room(ws):
    queue = queues[ws] = asyncio.Queue()

    async def deliver():
        while True:
            await ws.send(await queue.get())

    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(deliver())
        try:
            async for message in ws:
                for other, waiting in queues.items():
                    if other != ws:
                        waiting.put_nowait(message)
        finally:
            del queues[ws]
            sender.cancel()
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

people = set()

async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people, message)
    finally:
        people.discard(ws)
""",
            "nobody should get a message of their own",
        ),
        WrongAnswer(
            """
people = set()

async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            for other in people - {ws}:
                await other.send(message)
    finally:
        people.discard(ws)
""",
            "while one client does not read what it is sent: each message should be sent to all",
        ),
        WrongAnswer(
            """
people = set()

async def room(ws):
    people.add(ws)
    async for message in ws:
        for other in people - {ws}:
            await other.send(message)
    people.discard(ws)
""",
            "after a client has vanished",
        ),
        WrongAnswer(
            """
people = []

async def room(ws):
    people.append(ws)
    async for message in ws:
        for other in people:
            if other is not ws:
                await other.send(message)
""",
            "after a client has said goodbye",
        ),
        WrongAnswer(
            """
import asyncio

people = set()
lock = asyncio.Lock()

async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            async with lock:
                await asyncio.gather(*(other.send(message) for other in people - {ws}))
    finally:
        people.discard(ws)
""",
            "while one client does not read",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

people = set()
history = []

async def room(ws):
    people.add(ws)
    for message in history:
        await ws.send(message)
    try:
        async for message in ws:
            history.append(message)
            broadcast(people - {ws}, message)
    finally:
        people.discard(ws)
""",
            "with a client that came later",
        ),
        WrongAnswer(
            """
pair = {}

async def room(ws):
    pair[len(pair) % 2] = ws
    async for message in ws:
        for other in pair.values():
            if other is not ws:
                await other.send(message)
""",
            "each message should be sent to all other clients",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

people = set()

async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people - {ws}, message.encode())
    finally:
        people.discard(ws)
""",
            "a binary message came where text is due",
        ),
    ),
    probe=_probe_room,
    minutes=20,
    difficulty=3,
    needs="Several clients",
)


EXERCISES = (_WELCOME_EXERCISE, _ANSWERS, _HEADCOUNT, _LIMITED, _METRONOME, _ROOM)
