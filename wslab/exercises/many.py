"""Exercises of 06 · Many clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import Client, answering, during, run_client, show, small_socket

__all__ = ["EXERCISES"]


# ---- 6.1 ----


def _probe_both(answer: Any) -> None:
    for first, second in (("ada", "grace"), ("Grüße", "")):
        asked: list[str | bytes] = []
        complete = asyncio.Event()

        async def handler(
            ws: ServerConnection,
            asked: list[str | bytes] = asked,
            complete: asyncio.Event = complete,
            late: str = second,
        ) -> None:
            message = await ws.recv()
            asked.append(message)
            if len(asked) == 2:
                complete.set()
            await complete.wait()
            if message != late:  # the first one's reply comes last
                await asyncio.sleep(0.05)
            await ws.send(f"{message!s}!")
            await ws.wait_closed()

        expected = [f"{first}!", f"{second}!"]
        result, server = run_client(answer, handler, first, second)
        problem = ""
        if not isinstance(result, list | tuple):
            problem = "it should return both replies"
        elif list(result) != expected:
            problem = "the replies should be those to the first and to the second message, in order"
        if problem:
            raise Finding(
                problem,
                sent=show([first, second]),
                expected=show(expected),
                got=show(result),
                records=server.transcript.snapshot()[-12:],
            )


_SAY: Final = """
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()

"""

_BOTH = Exercise(
    id="6.1",
    title="Two at once",
    task=(
        "Complete `both(url, first, second)`: two clients, each with a connection of its own, say "
        "`first` and `second` at the same time. It returns the list of both replies, in this "
        "order. The server answers nobody before both have spoken."
    ),
    name="both",
    starter=_SAY
    + """
async def both(url, first, second):
    # your code
    ...
""",
    hints=(
        "`await say(url, first)` comes back with the reply. What does the second client do until "
        "then?",
        "asyncio has a function that runs several coroutines at the same time and waits for all "
        "of them.",
        "Give `asyncio.gather()` one `say(…)` for each message. Its results are in the order of "
        "its arguments.",
    ),
    solution=_SAY
    + """
async def both(url, first, second):
    return list(await asyncio.gather(say(url, first), say(url, second)))
""",
    explanation=(
        "With one `await` after the other, the second client would begin when the first one is "
        "done. `asyncio.gather()` makes a task of each coroutine; the results are in the order of "
        "the arguments, whichever is done first."
    ),
    alternatives=(
        _SAY
        + """
async def both(url, first, second):
    async with asyncio.TaskGroup() as group:
        one = group.create_task(say(url, first))
        two = group.create_task(say(url, second))
    return one.result(), two.result()
""",
        """
from websockets.sync.client import connect

def both(url, first, second):
    with connect(url) as one, connect(url) as two:
        one.send(first)
        two.send(second)
        return [one.recv(), two.recv()]
""",
    ),
    wrong=(
        WrongAnswer(
            _SAY
            + """
async def both(url, first, second):
    return [await say(url, first), await say(url, second)]
""",
            "never came",
        ),
        WrongAnswer(
            _SAY
            + """
async def both(url, first, second):
    replies = []
    for done in asyncio.as_completed([say(url, first), say(url, second)]):
        replies.append(await done)
    return replies
""",
            "in order",
        ),
        WrongAnswer(
            _SAY
            + """
async def both(url, first, second):
    await asyncio.gather(say(url, first), say(url, second))
""",
            "should return both replies",
        ),
        WrongAnswer(
            _SAY
            + """
async def both(url, first, second):
    async with connect(url) as ws:
        await ws.send(first)
        await ws.send(second)
        return await asyncio.gather(ws.recv(), ws.recv())
""",
            "it raised ConcurrencyError",
        ),
    ),
    probe=_probe_both,
    minutes=5,
    difficulty=1,
    needs="One reader, one writer",
)


# ---- 6.2 ----


def _probe_ask_all(answer: Any) -> None:
    for questions in (["how", "", "why", "how"], [f"q{n}" for n in range(20)]):
        seen: list[Any] = []

        async def handler(
            ws: ServerConnection, questions: list[str] = questions, seen: list[Any] = seen
        ) -> None:
            for _ in questions:
                seen.append(json.loads(await ws.recv()))
            for request in [*seen[1::2], *reversed(seen[::2])]:
                reply = {"id": request["id"], "answer": request["question"].upper()}
                if not request["question"] or request["question"] == "q7":
                    reply = {"id": request["id"], "error": "no answer"}
                await ws.send(json.dumps(reply))
            await ws.wait_closed()

        result, server = run_client(answer, handler, questions)
        expected = [None if q in ("", "q7") else q.upper() for q in questions]
        if len({json.dumps(request["id"]) for request in seen}) != len(questions):
            problem = "every question needs an id of its own"
        elif not isinstance(result, list):
            problem = "it should return a list"
        elif result != expected:
            problem = "the answers should be in the order of the questions, None for an error"
        else:
            continue
        raise Finding(
            problem,
            sent=show(seen),
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


_ASK_IMPORTS: Final = """
import json

from websockets.asyncio.client import connect

"""

_ASK_ALL = Exercise(
    id="6.2",
    title="Answers in any order",
    task=(
        "Write `ask_all(url, questions)`: it sends all questions over one connection as "
        '`{"id": …, "question": …}`, before it waits for an answer. The server answers each with '
        '`{"id": …, "answer": …}` or `{"id": …, "error": …}`, in any order. Return the list of the '
        "answers in the order of the questions, with `None` where an error came."
    ),
    name="ask_all",
    starter=_ASK_IMPORTS
    + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        ...
""",
    hints=(
        "Which id tells you at once where in the list an answer belongs?",
        "Send all questions in a first loop, then receive as many messages in a second one and "
        "keep each under its id.",
        'With `enumerate(questions)` the id is the index. `reply.get("answer")` is `None` if there '
        "is no such key.",
    ),
    solution=_ASK_IMPORTS
    + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers
""",
    explanation=(
        "The id says which question a reply belongs to, so the order in which replies come does "
        "not matter. The question itself is no id: the same one may be asked twice. An error has "
        "its id, too, otherwise its question would wait for ever."
    ),
    alternatives=(
        """
import json
import uuid
from websockets.sync.client import connect

def ask_all(url, questions):
    asked = {str(uuid.uuid4()): question for question in questions}
    replies = {}
    with connect(url) as ws:
        for id, question in asked.items():
            ws.send(json.dumps({"id": id, "question": question}))
        while len(replies) < len(asked):
            reply = json.loads(ws.recv())
            replies[reply["id"]] = reply
    return [replies[id].get("answer") for id in asked]
""",
    ),
    wrong=(
        WrongAnswer(
            _ASK_IMPORTS
            + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        return [json.loads(await ws.recv()).get("answer") for _ in questions]
""",
            "in the order of the questions",
        ),
        WrongAnswer(
            _ASK_IMPORTS
            + """
async def ask_all(url, questions):
    answers = []
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
            answers.append(json.loads(await ws.recv()).get("answer"))
    return answers
""",
            "never came",
        ),
        WrongAnswer(
            _ASK_IMPORTS
            + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for question in questions:
            await ws.send(json.dumps({"id": question, "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
    answers = {reply["id"]: reply.get("answer") for reply in replies}
    return [answers[question] for question in questions]
""",
            "an id of its own",
        ),
        WrongAnswer(
            _ASK_IMPORTS
            + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply["answer"]
        return [answers[id] for id in range(len(questions))]
""",
            "it raised KeyError",
        ),
        WrongAnswer(
            _ASK_IMPORTS
            + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
        return {reply["id"]: reply.get("answer") for reply in replies}
""",
            "should return a list",
        ),
    ),
    probe=_probe_ask_all,
    minutes=15,
    difficulty=2,
    needs="Questions and answers by id",
)


# ---- 6.3 ----


def _probe_rooms(answer: Any) -> None:
    delivered = "each message should be sent to all others in the same room"
    with answering(answer) as server, contextlib.ExitStack() as stack:
        paths = ("/tea", "/tea", "/tea", "/coffee", "/coffee")
        people = [stack.enter_context(server.client(path=path)) for path in paths]
        ada, grace, lin, joan, mary = people
        for client in people:
            client.barrier()

        def say(speaker: Client, text: str, *listeners: Client) -> None:
            speaker.send(text)
            for listener in listeners:
                listener.expect_text(text, delivered)

        say(ada, "Tea, please", grace, lin)
        joan.expect_silence("nobody in another room should get it")
        ada.expect_silence("nobody should get a message of their own")
        say(joan, "Coffee", mary)
        say(lin, "Grüße", ada, grace)
        lin.ws.close()
        server.wait_for_handlers(4)
        with during("after a client has left"):
            say(ada, "Lin has left", grace)
            say(grace, "yes", ada)
        with (
            during("in a room that was empty before"),
            server.client(path="/water") as one,
            server.client(path="/water") as two,
        ):
            one.barrier()
            two.barrier()
            say(one, "water", two)
            say(two, "more water", one)
        with during("in the other room, after all that"):
            say(mary, "still here", joan)


_ROOMS = Exercise(
    id="6.3",
    title="A room for each path",
    task=(
        "Write `by_path(ws)`: the path of the URL, `ws.request.path`, is the room. Each message is "
        "sent to all other clients in the same room, and to nobody else. Clients come and go."
    ),
    name="by_path",
    starter="""
members = {}


async def by_path(ws):
    # your code
    ...
""",
    hints=(
        "A dictionary from path to the set of its connections is enough.",
        "`members.setdefault(path, set())` returns the set of a room, a new one if it is the "
        "first client. What must happen when a client leaves, however it leaves?",
        "Add `ws` to the room's set, and take it out in `finally`. In between, for each message, "
        "`broadcast(room - {ws}, message)` of `websockets.asyncio.server`.",
    ),
    solution="""
from websockets.asyncio.server import broadcast

members = {}


async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room - {ws}, message)
    finally:
        room.discard(ws)
""",
    explanation=(
        "The path is known before the first message, so it is a good place for what holds for the "
        "whole connection. `finally` takes the client out of its room however it leaves, and "
        "`room - {ws}` is a new set: nobody changes it while it is gone through. The paths that "
        "were ever asked for stay in `members`; a server for strangers would delete empty rooms."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

everybody = set()

async def by_path(ws):
    everybody.add(ws)
    try:
        async for message in ws:
            for other in list(everybody):
                if other is not ws and other.request.path == ws.request.path:
                    try:
                        await other.send(message)
                    except ConnectionClosed:
                        pass
    finally:
        everybody.remove(ws)
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

members = set()

async def by_path(ws):
    members.add(ws)
    try:
        async for message in ws:
            broadcast(members - {ws}, message)
    finally:
        members.discard(ws)
""",
            "nobody in another room",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

members = {}

async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room, message)
    finally:
        room.discard(ws)
""",
            "a message of their own",
        ),
        WrongAnswer(
            """
members = {}

async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    async for message in ws:
        for other in room - {ws}:
            await other.send(message)
""",
            "after a client has left",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

members = {"/tea": set(), "/coffee": set()}

async def by_path(ws):
    room = members[ws.request.path]
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room - {ws}, message)
    finally:
        room.discard(ws)
""",
            "in a room that was empty before",
        ),
        WrongAnswer(
            """
async def by_path(ws):
    async for message in ws:
        await ws.send(message)
""",
            "all others in the same room",
        ),
    ),
    probe=_probe_rooms,
    minutes=15,
    difficulty=2,
    needs="Rooms and broadcast",
)


# ---- 6.4 ----

_LONG: Final = 64 * 1024


def _probe_patient(answer: Any) -> None:
    delivered = "each message should be sent to all other clients"
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(small_socket())
        server = stack.enter_context(answering(answer, sock=listening))
        ada, grace = people = stack.enter_context(server.clients(2))
        for client in people:
            client.barrier()

        def say(speaker: Client, listener: Client, text: str) -> None:
            speaker.send(text)
            got = listener.receive_text(show(text), delivered)
            if got != text:
                raise listener.finding(delivered, show(text), show(got))

        say(ada, grace, "Hello")
        say(grace, ada, "Grüße")
        ada.expect_silence("nobody should get a message of their own")
        with server.deaf_client() as deaf:
            deaf.barrier()
            with during("while one client does not read"):
                for n in range(40):
                    say(ada, grace, f"{n} {'long ' * (_LONG // 5)}")
            if not server.wait_for_handlers(2):
                raise Finding(
                    "the client that reads nothing is still connected",
                    sent="40 long messages by another client",
                    expected="its connection ends, and its handler returns, within two seconds",
                    records=server.background.transcript.filter(connection=3)[-12:],
                )
        with during("after the slow client was dropped"):
            say(ada, grace, "still here?")
            say(grace, ada, "yes")


_PATIENT_IMPORTS: Final = """
import asyncio

from websockets.exceptions import ConnectionClosed

"""

_PATIENT = Exercise(
    id="6.4",
    title="The slow one goes",
    task=(
        "Write `lively(ws)`: each message is sent to all other clients. One that does not read "
        "holds nobody up, and the server does not keep messages for it for ever: within two "
        "seconds its connection ends, and its handler returns."
    ),
    name="lively",
    starter=_PATIENT_IMPORTS
    + """
async def lively(ws):
    # your code
    ...
""",
    hints=(
        "`await other.send(message)` waits as long as `other` does not read. Who must not wait "
        "for it?",
        "Give each client a queue of limited length and a task that sends what is in it. The "
        "readers only use `put_nowait()`. What does `asyncio.QueueFull` tell you?",
        "`close()` waits for a closing handshake that a client who does not read never answers. "
        "`ws.transport.abort()` ends the connection at once.",
    ),
    solution=_PATIENT_IMPORTS
    + """
queues = {}


async def write(ws, queue):
    try:
        while True:
            await ws.send(await queue.get())
    except ConnectionClosed:
        pass


async def lively(ws):
    queue = queues[ws] = asyncio.Queue(16)
    writer = asyncio.create_task(write(ws, queue))
    try:
        async for message in ws:
            for other, waiting in queues.items():
                if other is ws:
                    continue
                try:
                    waiting.put_nowait(message)
                except asyncio.QueueFull:
                    other.transport.abort()
    finally:
        del queues[ws]
        writer.cancel()
""",
    explanation=(
        "Each client has one writer, and only that one waits for it. The queue bounds the memory "
        "that a slow client costs: when it is full, the connection is ended without a closing "
        "handshake, as nobody would answer it. The handler's loop ends with it, and `finally` "
        "cleans up."
    ),
    alternatives=(
        _PATIENT_IMPORTS
        + """
clients = set()
tasks = set()

async def deliver(other, message):
    try:
        async with asyncio.timeout(0.5):
            await other.send(message)
    except TimeoutError:
        other.transport.abort()
    except ConnectionClosed:
        pass

async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            for other in clients - {ws}:
                task = asyncio.create_task(deliver(other, message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    finally:
        clients.discard(ws)
""",
    ),
    wrong=(
        WrongAnswer(
            """
clients = set()

async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            for other in sorted(clients - {ws}, key=lambda one: one.remote_address, reverse=True):
                await other.send(message)
            for other in clients - {ws}:
                await other.ping()
    finally:
        clients.discard(ws)
""",
            "while one client does not read",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

clients = set()

async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            broadcast(clients - {ws}, message)
    finally:
        clients.discard(ws)
""",
            "is still connected",
        ),
        WrongAnswer(
            """
from websockets.asyncio.server import broadcast

clients = set()

async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            broadcast(clients, message)
    finally:
        clients.discard(ws)
""",
            "each message should be sent to all other clients",
        ),
        WrongAnswer(
            """
async def lively(ws):
    async for message in ws:
        pass
""",
            "no message came",
        ),
        WrongAnswer(
            """
async def lively(ws):
    pass
""",
            "the connection was closed",
        ),
    ),
    probe=_probe_patient,
    minutes=30,
    difficulty=3,
    needs="A client that does not keep up",
)


EXERCISES: tuple[Exercise, ...] = (_BOTH, _ASK_ALL, _ROOMS, _PATIENT)
