"""Answers to exercise 10.3, “A double for a server”."""

# %% right
import re


async def double(ws):
    first = await ws.recv()
    match = re.fullmatch(r"subscribe (.+)", first) if isinstance(first, str) else None
    script = [f"ok {match[1]}", *(f"{match[1]} {n}" for n in range(1, 4))] if match else []
    for line in script:
        await ws.send(line)
    await ws.close(1001 if match else 1008)


# %% wrong
# finding: a subscription should be confirmed
async def double(ws):
    topic = (await ws.recv()).split()[-1]
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)


# %% wrong
# finding: then the double should close with 1001
async def double(ws):
    message = await ws.recv()
    if not message.startswith("subscribe "):
        await ws.close(1008)
        return
    topic = message.removeprefix("subscribe ")
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")


# %% wrong
# finding: 'subscribe ' should close with 1008
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


# %% wrong
# finding: three messages should follow
async def double(ws):
    message = await ws.recv()
    topic = message.removeprefix("subscribe ")
    await ws.send(f"ok {topic}")
    for number in (1, 2):
        await ws.send(f"{topic} {number}")
    await ws.close(1001)


# %% wrong
# finding: 'hello' should close with 1008
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
