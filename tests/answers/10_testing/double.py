"""Answers to exercise 10.3, “A double for a server”."""

import asyncio
import re


def topic_of(message):
    """What comes after "subscribe ", or nothing."""
    if isinstance(message, str) and message.startswith("subscribe "):
        return message.removeprefix("subscribe ")
    return ""


async def play(ws, topic, numbers=(1, 2, 3)):
    await ws.send(f"ok {topic}")
    for number in numbers:
        await ws.send(f"{topic} {number}")


# %% right: a pattern and a script
async def double(ws):
    first = await ws.recv()
    match = re.fullmatch(r"subscribe (.+)", first, re.DOTALL) if isinstance(first, str) else None
    script = [f"ok {match[1]}", *(f"{match[1]} {n}" for n in range(1, 4))] if match else []
    for line in script:
        await ws.send(line)
    await ws.close(1001 if match else 1008)


# %% right: split once
async def double(ws):
    message = await ws.recv()
    parts = message.split(" ", 1) if isinstance(message, str) else []
    if len(parts) != 2 or parts[0] != "subscribe" or not parts[1]:
        await ws.close(1008)
    else:
        await play(ws, parts[1])
        await ws.close(1001)


# %% right: match, and a class
class Double:
    async def __call__(self, ws):
        match topic_of(await ws.recv()):
            case "":
                await ws.close(1008, "no topic")
            case topic:
                await play(ws, topic)
                await ws.close(1001, "restarting")


double = Double()


# %% right: one message of its loop
async def double(ws):
    async for message in ws:
        topic = topic_of(message)
        if topic:
            await play(ws, topic)
        await ws.close(1001 if topic else 1008)


# %% wrong: the last word is the topic
# breaks: any topic that is not empty
async def double(ws):
    message = await ws.recv()
    topic = message.split()[-1] if topic_of(message) else ""
    if not topic_of(message):
        await ws.close(1008)
        return
    await play(ws, topic)
    await ws.close(1001)


# %% wrong: the topic is stripped
# breaks: any topic that is not empty
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await play(ws, topic.strip() or "?")
    await ws.close(1001)


# %% wrong: it returns, which is 1000
# breaks: then it closes with code 1001
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await play(ws, topic)


# %% wrong: another code
# breaks: then it closes with code 1001
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await play(ws, topic)
    await ws.close(1012)


# %% wrong: an empty topic is one
# breaks: Any other first message closes with 1008
# finding: 'subscribe '
async def double(ws):
    message = await ws.recv()
    if isinstance(message, bytes) or not message.startswith("subscribe "):
        await ws.close(1008)
        return
    await play(ws, message.removeprefix("subscribe "))
    await ws.close(1001)


# %% wrong: bytes are not looked at
# breaks: Any other first message closes with 1008
async def double(ws):
    message = await ws.recv()
    if not message.startswith("subscribe ") or message == "subscribe ":
        await ws.close(1008)
        return
    await play(ws, topic_of(message))
    await ws.close(1001)


# %% wrong: it refuses with another code
# breaks: Any other first message closes with 1008
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1002)
        return
    await play(ws, topic)
    await ws.close(1001)


# %% wrong: it says why before it closes
# breaks: Any other first message closes with 1008
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.send("expected: subscribe TOPIC")
        await ws.close(1008)
        return
    await play(ws, topic)
    await ws.close(1001)


# %% wrong: it counts from 0
# breaks: then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await play(ws, topic, (0, 1, 2))
    await ws.close(1001)


# %% wrong: two messages
# breaks: then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await play(ws, topic, (1, 2))
    await ws.close(1001)


# %% wrong: no confirmation of the topic
# breaks: gets `ok TOPIC`
async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    await ws.send(f"OK {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)


# %% wrong: one client after the other
# breaks first: gets `ok TOPIC`
taken = []


async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic or taken:
        await ws.close(1008)
        return
    taken.append(topic)
    await play(ws, topic)
    await ws.close(1001)


# %% wrong: a topic has no line ends
# breaks: any topic that is not empty
async def double(ws):
    message = await ws.recv()
    match = re.match(r"subscribe (.+)$", message) if isinstance(message, str) else None
    if match:
        await play(ws, match[1])
    await ws.close(1001 if match else 1008)


# %% wrong: each "subscribe " is taken out
# breaks: any topic that is not empty
async def double(ws):
    message = await ws.recv()
    topic = message.replace("subscribe ", "") if topic_of(message) else ""
    if topic_of(message):
        await play(ws, topic)
    await ws.close(1001 if topic_of(message) else 1008)


# %% wrong: a topic is short
# breaks: any topic that is not empty
async def double(ws):
    topic = topic_of(await ws.recv())
    if 0 < len(topic) < 100:
        await play(ws, topic)
        await ws.close(1001)
    await ws.close(1008)


# %% wrong: all connections have one topic
# breaks: then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`
latest = ""


async def double(ws):
    global latest
    topic = topic_of(await ws.recv())
    if not topic:
        await ws.close(1008)
        return
    latest = topic
    await ws.send(f"ok {latest}")
    for number in (1, 2, 3):
        await asyncio.sleep(0)
        await ws.send(f"{latest} {number}")
    await ws.close(1001)


# %% wrong: each topic once
# breaks first: gets `ok TOPIC`
taken = set()


async def double(ws):
    topic = topic_of(await ws.recv())
    if not topic or topic in taken:
        await ws.close(1008)
        return
    taken.add(topic)
    await play(ws, topic)
    await ws.close(1001)
