"""Answers to exercise 12.2, “Messages of a HAR”."""

import base64
from collections import namedtuple


def who(m):
    return "client" if m["type"] == "send" else "server"


def what(m):
    return m["data"] if m["opcode"] == 1 else base64.b64decode(m["data"])


# %% right: a comprehension
from base64 import b64decode
from collections import namedtuple

SENDERS = {"send": "client", "receive": "server"}


def har_messages(entry):
    return [
        (SENDERS[m["type"]], b64decode(m["data"]) if m["opcode"] == 2 else m["data"])
        for m in entry.get("_webSocketMessages", ())
    ]


# %% right: match
import base64


def har_messages(entry):
    messages = []
    try:
        found = entry["_webSocketMessages"]
    except KeyError:
        return messages
    for message in found:
        match message:
            case {"type": "send", "opcode": 1, "data": text}:
                messages.append(("client", text))
            case {"type": "receive", "opcode": 1, "data": text}:
                messages.append(("server", text))
            case {"type": kind, "data": data}:
                sender = "client" if kind == "send" else "server"
                messages.append((sender, base64.b64decode(data)))
    return messages


# %% right: a generator inside, async
import base64


async def har_messages(entry):
    def read():
        for message in entry.get("_webSocketMessages") or []:
            data = message["data"]
            yield (
                "server" if message["type"] == "receive" else "client",
                data if message["opcode"] == 1 else base64.b64decode(data.encode()),
            )

    return list(read())


# %% wrong: only the first
# breaks: for each message
def har_messages(entry):
    for message in entry.get("_webSocketMessages", []):
        data = message["data"]
        if message["opcode"] == 2:
            import base64

            data = base64.b64decode(data)
        return [("client" if message["type"] == "send" else "server", data)]
    return []


# %% wrong: the HAR's own words
# breaks: `"client"` or `"server"`
import base64


def har_messages(entry):
    return [
        (m["type"], base64.b64decode(m["data"]) if m["opcode"] == 2 else m["data"])
        for m in entry.get("_webSocketMessages", ())
    ]


# %% wrong: everybody is the client
# breaks: `"client"` or `"server"`
import base64


def har_messages(entry):
    return [
        ("client", base64.b64decode(m["data"]) if m["opcode"] == 2 else m["data"])
        for m in entry.get("_webSocketMessages", ())
    ]


# %% wrong: guesses from what it looks like
# breaks: a `str` for a text
import base64
import binascii
import contextlib


def har_messages(entry):
    messages = []
    for m in entry.get("_webSocketMessages", ()):
        data = m["data"]
        if m["opcode"] == 2 or data == "aGVsbG8=":
            with contextlib.suppress(binascii.Error):
                data = base64.b64decode(data, validate=True)
        messages.append(("client" if m["type"] == "send" else "server", data))
    return messages


# %% wrong: Base64 stays
# breaks: `bytes` for binary data
def har_messages(entry):
    return [
        ("client" if m["type"] == "send" else "server", m["data"])
        for m in entry.get("_webSocketMessages", ())
    ]


# %% wrong: every entry has one
# breaks: none if it has no list
import base64


def har_messages(entry):
    return [
        (
            "client" if m["type"] == "send" else "server",
            base64.b64decode(m["data"]) if m["opcode"] == 2 else m["data"],
        )
        for m in entry["_webSocketMessages"]
    ]


# %% wrong: first all of the client's
# breaks: in their order
from base64 import b64decode


def har_messages(entry):
    messages = []
    for message in entry.get("_webSocketMessages", []):
        data = message["data"]
        if message["opcode"] == 2:
            data = b64decode(data)
        messages.append(("client" if message["type"] == "send" else "server", data))
    return sorted(messages, key=lambda pair: pair[0])


# %% wrong: each message once
# breaks: for each message
from base64 import b64decode


def har_messages(entry):
    messages = {}
    for message in entry.get("_webSocketMessages", []):
        data = message["data"]
        if message["opcode"] == 2:
            data = b64decode(data)
        messages["client" if message["type"] == "send" else "server", data] = True
    return list(messages)


# %% right: try KeyError, match
def har_messages(entry):
    try:
        found = entry["_webSocketMessages"]
    except KeyError:
        return []
    out = []
    for m in found:
        match m:
            case {"type": "send", "opcode": 1, "data": d}:
                out.append(("client", d))
            case {"type": "receive", "opcode": 1, "data": d}:
                out.append(("server", d))
            case {"type": t, "data": d}:
                out.append(("client" if t == "send" else "server", base64.b64decode(d)))
    return out


# %% right: namedtuple
Pair = namedtuple("Pair", "sender message")


def har_messages(entry):
    def one(m):
        d = m["data"]
        return Pair(
            "client" if m["type"] == "send" else "server",
            base64.standard_b64decode(d) if m["opcode"] != 1 else d,
        )

    return list(map(one, entry.get("_webSocketMessages", ())))


# %% wrong: lists for pairs
# breaks: a list with a pair `(sender, message)`
def har_messages(entry):
    return [
        [
            who(m),
            what(m),
        ]
        for m in entry.get("_webSocketMessages", [])
    ]


# %% wrong: a generator
# breaks: a list with a pair `(sender, message)`
def har_messages(entry):
    return (
        (
            who(m),
            what(m),
        )
        for m in entry.get("_webSocketMessages", [])
    )


# %% wrong: swapped senders
# breaks: `"client"` or `"server"`
def har_messages(entry):
    return [
        (
            "server" if m["type"] == "send" else "client",
            what(m),
        )
        for m in entry.get("_webSocketMessages", [])
    ]


# %% wrong: bytes for all
# breaks: a `str` for a text
def har_messages(entry):
    return [
        (
            who(m),
            m["data"].encode() if m["opcode"] == 1 else base64.b64decode(m["data"]),
        )
        for m in entry.get("_webSocketMessages", [])
    ]


# %% wrong: bytearray
# breaks: `bytes` for binary data
def har_messages(entry):
    return [
        (
            who(m),
            m["data"] if m["opcode"] == 1 else bytearray(what(m)),
        )
        for m in entry.get("_webSocketMessages", [])
    ]


# %% wrong: a shared list
# breaks first: for each message
MESSAGES = []


def har_messages(entry):
    for m in entry.get("_webSocketMessages", []):
        MESSAGES.append(
            (
                who(m),
                what(m),
            )
        )
    return MESSAGES


# %% wrong: sorted by time
# breaks: in their order
def har_messages(entry):
    return [
        (
            who(m),
            what(m),
        )
        for m in sorted(entry.get("_webSocketMessages", []), key=lambda m: m["time"])
    ]


# %% wrong: dicts
# breaks first: a list with a pair `(sender, message)`
def har_messages(entry):
    return [
        {
            "sender": who(m),
            "message": what(m),
        }
        for m in entry.get("_webSocketMessages", [])
    ]
