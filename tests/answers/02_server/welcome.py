"""Answers to exercise 2.1, “Welcome, and answer”."""

import time

from websockets.exceptions import ConnectionClosed


# %% right: receives by itself
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


# %% right: a class
class Greeter:
    greeting = b"Welcome to the WebSocket server!"

    async def __call__(self, ws):
        await ws.send(self.greeting, text=True)
        async for message in ws:
            await ws.send(f"Server received: {message}")


welcome = Greeter()


# %% right: a task for each reply
import asyncio


async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async with asyncio.TaskGroup() as group:
        async for message in ws:
            group.create_task(ws.send(f"Server received: {message}"))


# %% wrong: the welcome waits for a message
# breaks first: sends `Welcome to the WebSocket server!`
async def welcome(ws):
    async for message in ws:
        await ws.send("Welcome to the WebSocket server!")
        await ws.send(f"Server received: {message}")


# %% wrong: another welcome
# breaks first: sends `Welcome to the WebSocket server!`
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server")
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong: no await before the first send
# breaks first: sends `Welcome to the WebSocket server!`
# finding: is an `await` missing before `ws.send(…)`?
async def welcome(ws):
    ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong: another welcome for the first one
# breaks: sends `Welcome to the WebSocket server!`
visits = {}


async def welcome(ws):
    server = ws.local_address[1]
    visits[server] = visits.get(server, 0) + 1
    first = "" if visits[server] > 1 else ", you are the first"
    await ws.send(f"Welcome to the WebSocket server!{first}")
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong: one message only
# breaks: answers each of its messages
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    message = await ws.recv()
    await ws.send(f"Server received: {message}")
    await ws.wait_closed()


# %% wrong: no await in the loop
# breaks first: answers each of its messages
# finding: is an `await` missing before `ws.send(…)`?
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        ws.send(f"Server received: {message}")


# %% wrong: always the same
# breaks: with `Server received: ` and the message
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send("Server received: Hello, server!")


# %% wrong: an empty message is taken for the end
# breaks: with `Server received: ` and the message
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        if not message:
            break
        await ws.send(f"Server received: {message}")


# %% wrong: blanks are cut off
# breaks: with `Server received: ` and the message
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message.strip()}")


# %% wrong: bytes
# breaks: all of it as text
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}".encode())


# %% wrong: only the first one is welcomed
# breaks first: to each client that connects
greeted = set()


async def welcome(ws):
    if ws.local_address not in greeted:
        await ws.send("Welcome to the WebSocket server!")
    greeted.add(ws.local_address)
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong: after one has vanished nobody is welcomed
# breaks: to each client that connects
vanished = set()


async def welcome(ws):
    if ws.local_address not in vanished:
        await ws.send("Welcome to the WebSocket server!")
    try:
        async for message in ws:
            await ws.send(f"Server received: {message}")
    except ConnectionClosed:
        vanished.add(ws.local_address)


# %% wrong: it blocks
# breaks: none of whom waits for another
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        time.sleep(0.02)  # noqa: ASYNC251
        await ws.send(f"Server received: {message}")


# %% wrong: it blocks before its welcome
# breaks: none of whom waits for another
# finding: while it welcomes one client
async def welcome(ws):
    time.sleep(0.02)  # noqa: ASYNC251
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong: no async
# finding: must be an async function
def welcome(ws):
    ws.send("Welcome to the WebSocket server!")


# %% wrong: it goes on for ever after its client has left
# finding: goes on for ever after its client has left
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    while True:
        try:
            message = await ws.recv()
            await ws.send(f"Server received: {message}")
        except Exception:
            pass
