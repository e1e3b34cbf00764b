"""Exercises of 01 · Client: send and receive."""

from __future__ import annotations

import json
from typing import Any

from websockets.asyncio.server import ServerConnection

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import run_client, show

__all__ = ["EXERCISES"]


# ---- 1.1 ----


def _probe_send_json(answer: Any) -> None:
    for message, timestamp in [("Hello from client", 1700000000000), ("Grüße, 世界", 3)]:
        received: list[str | bytes] = []

        async def handler(ws: ServerConnection, received: list[str | bytes] = received) -> None:
            async for item in ws:
                received.append(item)

        _, server = run_client(answer, handler, message, timestamp)
        expected = {"message": message, "timestamp": timestamp}
        records = server.transcript.snapshot()
        wanted = f"one text message: {json.dumps(expected, ensure_ascii=False)}"
        called = f"your function was called with url, {message!r}, {timestamp}"
        if len(received) != 1:
            raise Finding(
                "exactly one message should be sent",
                sent=called,
                expected=wanted,
                got=f"{len(received)} messages: {show(received)}",
                records=records,
            )
        if isinstance(received[0], bytes):
            raise Finding(
                "it arrived as a binary message; a str goes out as text",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            )
        try:
            value = json.loads(received[0])
        except ValueError:
            raise Finding(
                "what arrived is not JSON",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            ) from None
        if value != expected:
            raise Finding(
                "the JSON has other content",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            )


_SEND_JSON = Exercise(
    id="1.1",
    title="Send JSON",
    task=(
        "Complete the line: send one message, a JSON object with the keys `message` and "
        "`timestamp`, whose values are the arguments of the function."
    ),
    name="send_json",
    starter="""
from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(...)
""",
    hints=(
        "`send()` takes a string. A dictionary has to become one first.",
        "`json.dumps()` makes a JSON string from a dictionary.",
        'The dictionary is `{"message": message, "timestamp": timestamp}`.',
    ),
    solution="""
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}))
""",
    explanation=(
        "`json.dumps()` escapes quotes and line breaks in `message`; putting the string together "
        "by hand would break on the first message that contains one. Spaces and the order of the "
        "keys do not matter."
    ),
    alternatives=(
        """
import json
from websockets.asyncio.client import connect

async def send_json(url, message, timestamp):
    async with connect(url) as ws:
        text = json.dumps(dict(timestamp=timestamp, message=message), separators=(",", ":"))
        await ws.send(text)
""",
        """
import json
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    print("sending", message)
    ws = connect(url).__enter__()
    ws.send(json.dumps({"message": message, "timestamp": timestamp}, ensure_ascii=False))
    ws.close()
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send({"message": message, "timestamp": timestamp})
""",
            "raised TypeError",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}).encode())
""",
            "binary message",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": "Hello from client", "timestamp": 1700000000000}))
""",
            "other content",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(str({"message": message, "timestamp": timestamp}))
""",
            "not JSON",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message}))
        ws.send(json.dumps({"timestamp": timestamp}))
""",
            "exactly one message",
        ),
        WrongAnswer(
            """
def send_json(url, message, timestamp):
    pass
""",
            "exactly one message",
        ),
    ),
    probe=_probe_send_json,
    minutes=5,
    difficulty=1,
    needs="Send a string, send JSON",
)


# ---- 1.2 ----


def _probe_collect(answer: Any) -> None:
    conversations: list[tuple[list[str], int, str]] = [
        (["one", "two", "three"], 1000, "that is all"),
        ([], 1000, ""),
        (["a"] * 50, 4001, "quota used up"),
    ]
    for messages, code, reason in conversations:

        async def handler(
            ws: ServerConnection,
            messages: list[str] = messages,
            code: int = code,
            reason: str = reason,
        ) -> None:
            for message in messages:
                await ws.send(message)
            await ws.close(code, reason)

        result, server = run_client(answer, handler)
        expected = (messages, code, reason)
        if not isinstance(result, tuple | list) or len(result) != 3:
            problem = "it should return three things: the messages, the code, the reason"
        elif list(result[0] if isinstance(result[0], list | tuple) else ()) != messages:
            problem = "the messages are not the ones that the server sent, in their order"
        elif result[1] != code:
            problem = "the close code is not the one that the server sent"
        elif result[2] != reason:
            problem = "the reason is not the one that the server sent"
        else:
            continue
        raise Finding(
            problem,
            sent=f"{len(messages)} messages, then CLOSE {code} {reason!r}",
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


_COLLECT = Exercise(
    id="1.2",
    title="Receive until the end",
    task=(
        "Write `collect(url)`: it receives messages until the server closes the connection, and "
        "returns `(messages, code, reason)`: the list of messages in their order, the close code "
        "and the reason. The server may close with any code."
    ),
    name="collect",
    starter="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        ...
    return messages, ws.close_code, ws.close_reason
""",
    hints=(
        "A loop `for message in ws` ends when the server closes normally. And otherwise?",
        "With a code such as 4001 the loop raises `ConnectionClosed`. Where must the `try` stand?",
        "`try: … for message in ws: messages.append(message) … except ConnectionClosed: pass`",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=5))
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason
""",
    explanation=(
        "`recv()` raises `ConnectionClosed` for every code, a loop over `ws` only for codes other "
        "than 1000 and 1001. Code and reason stay on `ws` after the end."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosedError
from websockets.asyncio.client import connect

async def collect(url):
    messages = []
    async with connect(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError as error:
            return messages, error.rcvd.code, error.rcvd.reason
    return [messages, ws.close_code, ws.close_reason]
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.sync.client import connect

def collect(url):
    with connect(url) as ws:
        messages = [message for message in ws]
    return messages, ws.close_code, ws.close_reason
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def collect(url):
    with connect(url) as ws:
        messages = [ws.recv(), ws.recv(), ws.recv()]
    return messages, 1000, "that is all"
""",
            "raised ConnectionClosedOK",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def collect(url):
    messages = set()
    with connect(url) as ws:
        try:
            while True:
                messages.add(ws.recv())
        except ConnectionClosed:
            pass
    return sorted(messages), ws.close_code, ws.close_reason
""",
            "in their order",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv())
        except ConnectionClosed:
            pass
    return messages, 1000, ws.close_reason
""",
            "close code",
        ),
        WrongAnswer(
            """
def collect(url):
    while True:
        pass
""",
            "did not end",
        ),
    ),
    probe=_probe_collect,
    minutes=10,
    difficulty=2,
    needs="How a connection ends",
)


# ---- 1.3 ----


def _probe_listen(answer: Any) -> None:
    endings: list[tuple[list[str], int, str]] = [
        (["first", "second"], 1000, "bye"),
        (["only"], 4001, "no more"),
        (["before the cut"], 1006, ""),
    ]
    for messages, code, reason in endings:

        async def handler(
            ws: ServerConnection,
            messages: list[str] = messages,
            code: int = code,
            reason: str = reason,
        ) -> None:
            for message in messages:
                await ws.send(message)
            if code == 1006:
                await (await ws.ping())  # the client has read what was sent
                ws.transport.abort()
            else:
                await ws.close(code, reason)

        calls: list[tuple[Any, ...]] = []
        _, server = run_client(
            answer,
            handler,
            lambda data, calls=calls: calls.append(("onmessage", data)),
            lambda code, reason, calls=calls: calls.append(("onclose", code, reason)),
        )
        expected = [*(("onmessage", message) for message in messages), ("onclose", code, reason)]
        if calls == expected:
            continue
        if [call for call in calls if call[0] == "onmessage"] != expected[:-1]:
            problem = "onmessage should be called once for each message, in order"
        elif sum(call[0] == "onclose" for call in calls) != 1:
            problem = "onclose should be called exactly once, however the connection ends"
        elif calls[-1][0] != "onclose":
            problem = "onclose should be called last"
        else:
            problem = (
                "onclose should get the code and the reason; 1006 and '' if there was no CLOSE"
            )
        how = "cuts the TCP connection" if code == 1006 else f"sends CLOSE {code} {reason!r}"
        raise Finding(
            problem,
            sent=f"{show(messages)}, then the server {how}",
            expected=show(expected),
            got=show(calls),
            records=server.transcript.snapshot()[-12:],
        )


_LISTEN = Exercise(
    id="1.3",
    title="Events, as in a browser",
    task=(
        "Write `listen(url, onmessage, onclose)`, blocking or `async`: it calls `onmessage(data)` "
        "for each message and then, exactly once, `onclose(code, reason)`. If the connection is "
        "lost without a CLOSE frame, that is `onclose(1006, '')`."
    ),
    name="listen",
    starter="""
from websockets.asyncio.client import connect as connect_async


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        async for message in ws:
            ...
""",
    hints=(
        "The loop ends by itself for 1000 and 1001, and raises `ConnectionClosedError` otherwise.",
        "After the end, `ws.close_code` and `ws.close_reason` hold what `onclose` needs.",
        "`close_code` is 1006 and `close_reason` is '' when no CLOSE frame came: one call for all.",
    ),
    solution="""
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
""",
    explanation=(
        "`onclose` stands after the `with` block, so there is one place for every way to end, "
        "and it is called when the connection is really closed."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def listen(url, onmessage, onclose):
    with connect(url) as ws:
        while True:
            try:
                onmessage(ws.recv())
            except ConnectionClosed as closed:
                end = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
                break
    onclose(*end)
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        async for message in ws:
            onmessage(message)
    onclose(ws.close_code, ws.close_reason)
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        onmessage(await ws.recv())
    onclose(1000, "bye")
""",
            "once for each message",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
            onclose(ws.close_code, ws.close_reason)
        except ConnectionClosedError:
            pass
""",
            "exactly once",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(1000, "bye")
""",
            "code and the reason",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

async def listen(url, onmessage, onclose):
    messages = []
    async with connect(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
    for message in messages:
        onmessage(message)
""",
            "called last",
        ),
    ),
    probe=_probe_listen,
    minutes=15,
    difficulty=2,
    needs="The browser's way: events",
)


# ---- 1.4 ----


def _probe_ask(answer: Any) -> None:
    for questions in (["how are you", "what time is it", "why"], [f"q{n}" for n in range(20)]):
        seen: list[Any] = []

        async def handler(
            ws: ServerConnection, questions: list[str] = questions, seen: list[Any] = seen
        ) -> None:
            requests = []
            await ws.send(json.dumps({"push": "welcome"}))
            for _ in questions:
                requests.append(json.loads(await ws.recv()))
                seen.append(requests[-1])
                await ws.send(json.dumps({"push": f"{len(requests)} asked"}))
            for request in reversed(requests):
                reply = {"id": request["id"], "answer": request["question"].upper()}
                await ws.send(json.dumps(reply))
                await ws.send(json.dumps({"push": "news in between"}))
            await ws.wait_closed()

        try:
            result, server = run_client(answer, handler, questions)
        except Finding as finding:
            finding.sent = finding.sent or f"{len(questions)} questions at once"
            finding.expected = (
                'each sent as {"id": …, "question": …}, all before the first answer, and the '
                "answers returned in the order of the questions"
            )
            raise
        expected = [question.upper() for question in questions]
        if len({json.dumps(request["id"]) for request in seen}) != len(questions):
            problem = "every request needs an id of its own"
        elif result != expected:
            problem = "the answers are not the right ones in the order of the questions"
        else:
            continue
        raise Finding(
            problem,
            sent=show(seen),
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


_ASK = Exercise(
    id="1.4",
    title="Match answers to requests",
    task=(
        'Write `ask(url, questions)`: it sends each question as `{"id": …, "question": …}`, with '
        "an id that you choose, all of them before the first answer, and returns the answers in "
        'the order of the questions. The server answers `{"id": …, "answer": …}` in any order, and '
        'sends pushes such as `{"push": "news"}` in between.'
    ),
    name="ask",
    starter="""
import json

from websockets.sync.client import connect


def ask(url, questions):
    with connect(url) as ws:
        ...
""",
    hints=(
        "First send all, then receive. How do you know that all answers are there?",
        "Keep the answers in a dictionary by id, until it is as long as the list of questions.",
        "The position of a question in the list is a good id; skip what has no `id`.",
    ),
    solution="""
import json

from websockets.sync.client import connect


def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[number] for number in range(len(questions))]
""",
    explanation=(
        "WebSocket has messages, not requests: which answer belongs to which question is for the "
        "messages to say. The id does it, whatever comes in between and in whatever order."
    ),
    alternatives=(
        """
import asyncio
import json
import uuid
from websockets.asyncio.client import connect

async def ask(url, questions):
    async with connect(url) as ws:
        loop = asyncio.get_running_loop()
        waiting = {}
        async def reader():
            async for message in ws:
                message = json.loads(message)
                if message.get("id") in waiting:
                    waiting[message["id"]].set_result(message["answer"])
        task = asyncio.create_task(reader())
        ids = []
        for question in questions:
            ids.append(str(uuid.uuid4()))
            waiting[ids[-1]] = loop.create_future()
            await ws.send(json.dumps({"question": question, "id": ids[-1]}))
        answers = [await waiting[key] for key in ids]
        task.cancel()
        return answers
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.append(message["answer"])
    return answers
""",
            "order of the questions",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def ask(url, questions):
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        return [json.loads(ws.recv(timeout=5))["answer"] for _ in questions]
""",
            "raised KeyError",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
            while True:
                message = json.loads(ws.recv())
                if message.get("id") == number:
                    answers.append(message["answer"])
                    break
    return answers
""",
            "did not end",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for question in questions:
            ws.send(json.dumps({"id": 1, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.insert(0, message["answer"])
    return answers
""",
            "id of its own",
        ),
        WrongAnswer(
            """
def ask(url, questions):
    return [question.upper() for question in questions]
""",
            "every request",
        ),
    ),
    probe=_probe_ask,
    minutes=20,
    difficulty=3,
    needs="Receive and parse",
)


EXERCISES = (_SEND_JSON, _COLLECT, _LISTEN, _ASK)
