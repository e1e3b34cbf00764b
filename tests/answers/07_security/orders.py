"""Answers to exercise 7.3, “Orders, and nothing else”."""

# %% right
import json


def is_order(message):
    if not isinstance(message, str):
        return False
    try:
        order = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(order, dict)
        and order.keys() == {"item", "count"}
        and isinstance(order["item"], str)
        and 1 <= len(order["item"]) <= 40
        and type(order["count"]) is int
        and 1 <= order["count"] <= 100
    )


async def orders(ws):
    async for message in ws:
        reply = {"ok": True} if is_order(message) else {"error": "invalid order"}
        await ws.send(json.dumps(reply))


# %% wrong
# finding: after what is not JSON: what is no order should get the error
async def orders(ws):
    async for message in ws:
        await ws.send('{"ok": true}')


# %% wrong
# finding: a valid order should be answered with ok
async def orders(ws):
    async for message in ws:
        await ws.send('{"error": "invalid order"}')


# %% wrong
# finding: after what is not JSON: what is no order should get the error: the connection
import json


async def orders(ws):
    async for message in ws:
        order = json.loads(message)
        right = len(order["item"]) in range(1, 41) and order["count"] in range(1, 101)
        await ws.send('{"ok": true}' if right else '{"error": "invalid order"}')


# %% wrong
# finding: after a count that is true
import json


async def orders(ws):
    async for message in ws:
        try:
            order = json.loads(message)
            right = (
                isinstance(message, str)
                and order.keys() == {"item", "count"}
                and isinstance(order["item"], str)
                and len(order["item"]) in range(1, 41)
                and isinstance(order["count"], int)
                and order["count"] in range(1, 101)
            )
        except (ValueError, AttributeError, LookupError, TypeError):
            right = False
        await ws.send('{"ok": true}' if right else '{"error": "invalid order"}')


# %% wrong
# finding: after a field too many
from typing import Annotated

import msgspec


class Order(msgspec.Struct):
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


async def orders(ws):
    async for message in ws:
        try:
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except ValueError:
            await ws.send('{"error": "invalid order"}')


# %% wrong
# finding: after an item that is no name
import msgspec


class Order(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    count: int


async def orders(ws):
    async for message in ws:
        try:
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except ValueError:
            await ws.send('{"error": "invalid order"}')
