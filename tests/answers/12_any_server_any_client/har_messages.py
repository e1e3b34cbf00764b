"""Answers to exercise 12.2, “Messages of a HAR”."""

# %% right: a comprehension
from base64 import b64decode

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
# breaks first: for each message
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
