"""Answers to exercise 8.3, “Full jitter, with a cap”: when it pauses, and how long."""

import asyncio
import random

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


# %% wrong: no pause
# breaks: After each it calls `await pause(seconds)` once
# finding: without a pause
async def stubborn(url, rng, pause):
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass


# %% wrong: the pause is not awaited
# breaks: After each it calls `await pause(seconds)` once
# finding: not awaited
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: it pauses before each attempt, and not after each failure
# breaks first: After each it calls `await pause(seconds)` once
# finding: before the first connection
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        await pause(rng.uniform(0, limit))
        limit = min(2 * limit, 0.8)
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass


# %% wrong: after a normal CLOSE it does not pause
# breaks: After each it calls `await pause(seconds)` once
# finding: without a pause
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                async for message in ws:
                    return message
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: it pauses twice
# breaks: After each it calls `await pause(seconds)` once
# finding: more than once
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit / 2)
            await pause(rng.uniform(0, limit / 2))
            limit = min(2 * limit, 0.8)


# %% wrong: a fixed wait
# breaks: drawn with `rng.uniform()` or `rng.random()`
# finding: no number was drawn
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit)
            limit = min(2 * limit, 0.8)


# %% wrong: it draws from another generator
# breaks: drawn with `rng.uniform()` or `rng.random()`
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(random.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: one number for all waits
# breaks: drawn with `rng.uniform()` or `rng.random()`
# finding: share one number
async def stubborn(url, rng, pause):
    limit, part = 0.1, rng.random()
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(part * limit)
            limit = min(2 * limit, 0.8)


# %% wrong: half of the wait is fixed
# breaks: random from 0 to a limit
# finding: wait 1 is never below 0.05
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit / 2 + rng.uniform(0, limit / 2))
            limit = min(2 * limit, 0.8)


# %% wrong: it draws, and waits for the limit
# breaks: random from 0 to a limit
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            rng.uniform(0, limit)
            await pause(limit)
            limit = min(2 * limit, 0.8)


# %% wrong: the limit is doubled before the first wait
# breaks: The limit is 0.1
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            limit = min(2 * limit, 0.8)
            await pause(rng.uniform(0, limit))


# %% wrong: the limit begins anew with each connection that opens
# breaks: then twice that, and so on
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                limit = 0.1
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: the limit grows by 0.1
# breaks: then twice that, and so on
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(limit + 0.1, 0.8)


# %% wrong: no cap
# breaks: never above 0.8
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit *= 2


# %% wrong: the pause goes on beside the next attempt
# breaks: After each it calls `await pause(seconds)` once
async def stubborn(url, rng, pause):
    limit = 0.1
    pauses = []
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pauses.append(asyncio.ensure_future(pause(rng.uniform(0, limit))))
            limit = min(2 * limit, 0.8)


# %% wrong: it sleeps for itself
# breaks first: After each it calls `await pause(seconds)` once
# finding: without a pause
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await asyncio.sleep(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
