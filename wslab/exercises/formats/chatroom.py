"""Exercise 5.6: Capstone: a chat."""

from __future__ import annotations

from typing import Final

from wslab.exercises._exercise import Exercise

from ._chat_files import FILES
from ._chat_leaving import LEAVING, OTHERS
from ._chat_mistakes import MISTAKES, NO_JSON
from ._chat_talk import HISTORY, TALK

__all__ = ["EXERCISE"]


_CHATROOM: Final = """
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


class Refused(Exception):
    pass


def tell_everybody(message):
    broadcast(names, to_json(message))


def enter(ws, name):
    if ws in names or name in names.values() or not 1 <= len(name) <= 20:
        raise Refused("you have joined already, or the name is taken, empty or too long")
    names[ws] = name
    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))
    tell_everybody({"type": "joined", "name": name})


def is_size(size):
    return type(size) is int and 1 <= size <= 100_000  # True is an int as well, by isinstance()


def react(ws, message):
    match message:
        case {"type": "join", "name": str(name)}:
            enter(ws, name)
        case {"type": "say" | "attach"} if ws not in names:
            raise Refused("join first")
        case {"type": "say", "text": str(text)}:
            said = {"type": "said", "name": names[ws], "text": text}
            recent.append(said)
            tell_everybody(said)
        case {"type": "attach", "filename": str(file), "size": size} if is_size(size):
            return {"type": "attached", "name": names[ws], "filename": file, "size": size}
        case _:
            raise Refused("expected join, say or attach, with correct fields")


async def chatroom(ws):
    announced = None
    try:
        async for data in ws:
            awaited, announced = announced, None
            try:
                if isinstance(data, str):
                    announced = react(ws, parse_json(data))
                elif awaited and awaited["size"] == len(data):
                    tell_everybody(awaited)
                    broadcast(names, data)
                else:
                    raise Refused("no binary message of this size is announced")
            except (Refused, ValueError) as error:
                await ws.send(to_json({"type": "error", "message": str(error)}))
    finally:
        if ws in names:
            tell_everybody({"type": "left", "name": names.pop(ws)})
"""


_TASK = """\
Build the server of a small chat: the handler `chatroom`. Every text message is a JSON object with \
a `type`; a binary message is an attachment, announced by the text message right before it. \
“Everybody” is whoever has joined and is still there, the client itself too. Fields that are not \
named here do no harm.

| a client sends | the server does |
|---|---|
| `{"type": "join", "name": …}`, a string of 1 to 20 characters that nobody here has | answers \
`{"type": "welcome", "history": […]}` with the last ten `said` messages, oldest first; then sends \
`{"type": "joined", "name": …}` to everybody |
| `{"type": "say", "text": …}`, a string | sends `{"type": "said", "name": …, "text": …}` to \
everybody |
| `{"type": "attach", "filename": …, "size": …}`, a string and an integer from 1 to 100000 | \
nothing yet; the client's next message is to be binary, with `size` bytes |
| these bytes | sends `{"type": "attached", "name": …, "filename": …, "size": …}` to everybody, \
and next the bytes in a binary message |
| anything else: no JSON, another type, wrong fields, `say` or `attach` before `join`, a second \
`join`, bytes that are not announced or of another size | answers \
`{"type": "error", "message": …}`, a string in your words; everybody else gets nothing, and the \
connection stays open |
| nothing more: its connection ends, in whatever way | sends `{"type": "left", "name": …}` to \
everybody who is left, and the name is free again; if it had not joined, nothing |

An announcement holds for the next message only, whatever that is. Who has not joined gets nothing \
but errors. A client that does not read holds up nobody: `broadcast(connections, message)` from \
`websockets.asyncio.server` sends to many, without `await`, and waits for none of them."""


EXERCISE = Exercise(
    id="5.6",
    title="Capstone: a chat",
    task=_TASK,
    name="chatroom",
    starter="""
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


async def chatroom(ws):
    async for data in ws:
        ...
""",
    hints=(
        "One row of the table after the other: first `join` and `say`, then the errors, the end, "
        "the attachments. Check often: the finding names the scene in which something was wrong. "
        "What belongs to all is global, what belongs to one client is local.",
        "`try: async for data in ws: … finally:` sends `left` however the connection ends. An "
        "exception of your own for mistakes, raised anywhere and answered in one place, keeps the "
        "branches short. The announcement is a local variable; take it out and set it to `None` "
        "at the beginning of each round.",
        "`broadcast(names, to_json(…))` goes to the keys of the dictionary, everybody who has "
        'joined. `match message:` with `case {"type": "join", "name": str(name)}:`, `case {"type": '
        '"say" | "attach"} if ws not in names:` for the mistake, `case {"type": "say", "text": '
        'str(text)}:`, `case {"type": "attach", "filename": str(file), "size": size} if '
        "type(size) is int and 1 <= size <= 100_000:`, and `case _:` for all the rest.",
    ),
    solution=_CHATROOM,
    explanation=(
        "`enter()` has no `await` between writing down the name and sending the welcome, so "
        "nothing can be said in between: from the history on, no message is missing or comes "
        "twice. `broadcast()` never waits; what a slow client does not read stays in memory, "
        "until the keepalive of `websockets` ends its connection. `finally` runs for 1000, for any "
        "other code, and for a lost connection. `Refused` and the `ValueError` of `parse_json()` "
        "are the client's mistakes; any other exception would be ours, and ends the connection "
        "with 1011. The pattern `int(size)` would take `true`, too: in Python, `True` is an `int`."
    ),
    rules=(*TALK, *OTHERS, *HISTORY, *MISTAKES, *FILES, *LEAVING, *NO_JSON),
    minutes=60,
    difficulty=3,
    needs="Messages with a type",
)
