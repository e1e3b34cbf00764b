"""Answers to exercise 2.1, “Welcome, and answer”."""

# %% right
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


# %% right
class Greeter:
    greeting = b"Welcome to the WebSocket server!"

    async def __call__(self, ws):
        await ws.send(self.greeting, text=True)
        async for message in ws:
            await ws.send(f"Server received: {message}")


welcome = Greeter()


# %% wrong
# finding: the connection was closed
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    message = await ws.recv()
    await ws.send(f"Server received: {message}")


# %% wrong
# finding: before it says anything: no message came
async def welcome(ws):
    async for message in ws:
        await ws.send("Welcome to the WebSocket server!")
        await ws.send(f"Server received: {message}")


# %% wrong
# finding: 'Server received: ' and the message
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send("Server received: Hello, server!")


# %% wrong
# finding: a binary message came where text is due
async def welcome(ws):
    await ws.send(b"Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}".encode())


# %% wrong
# finding: with a second client: each client should be welcomed
greeted = False


async def welcome(ws):
    global greeted
    if not greeted:
        greeted = True
        await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")


# %% wrong
# finding: the connection was closed
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        if not message:
            break
        await ws.send(f"Server received: {message}")


# %% wrong
# finding: must be an async function
def welcome(ws):
    ws.send("Welcome to the WebSocket server!")


# %% wrong
# finding: the handler holds up the event loop
import time


async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        time.sleep(0.06)  # noqa: ASYNC251
        await ws.send(f"Server received: {message}")


# %% wrong
# finding: goes on for ever after its client has left
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    while True:
        try:
            message = await ws.recv()
            await ws.send(f"Server received: {message}")
        except Exception:
            pass
