"""Answers to exercise 7.3, “Orders, and nothing else”."""

import contextlib
import dataclasses
import json
from typing import Annotated

import msgspec

OK, ERROR = '{"ok": true}', '{"error": "invalid order"}'


def parse(message):
    """The value of a text message, None for anything else."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(message, str):
            return json.loads(message)
    return None


def right_item(item):
    return isinstance(item, str) and 1 <= len(item) <= 40


def right_count(count):
    return type(count) is int and 1 <= count <= 100


# %% right: one condition
async def orders(ws):
    async for message in ws:
        order = parse(message)
        right = (
            isinstance(order, dict)
            and order.keys() == {"item", "count"}
            and right_item(order["item"])
            and right_count(order["count"])
        )
        await ws.send(json.dumps({"ok": True} if right else {"error": "invalid order"}))


# %% right: match
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": str(item), "count": int(count), **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% right: a schema
class Order(msgspec.Struct, forbid_unknown_fields=True):
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


async def orders(ws):
    async for message in ws:
        try:
            if not isinstance(message, str):
                raise TypeError
            msgspec.json.decode(message, type=Order, strict=True)
        except (ValueError, TypeError, RecursionError):
            await ws.send(ERROR)
        else:
            await ws.send(OK)


# %% right: a dataclass that checks itself
@dataclasses.dataclass
class Purchase:
    item: str
    count: int

    def __post_init__(self):
        if not right_item(self.item) or not right_count(self.count):
            raise ValueError("no such order")


async def orders(ws):
    async for message in ws:
        order = parse(message)
        try:
            Purchase(**order)
            await ws.send(OK)
        except (TypeError, ValueError):
            await ws.send(ERROR)


# %% wrong: everything is an order
# breaks first: a JSON object in a text message
async def orders(ws):
    async for message in ws:
        await ws.send(OK)


# %% wrong: nothing is an order
# breaks: answered with `{"ok": true}`
async def orders(ws):
    async for message in ws:
        await ws.send(ERROR)


# %% wrong: forty characters are too many
# breaks: answered with `{"ok": true}`
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": str(item), "count": count, **others} if (
                not others and 1 <= len(item) < 40 and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: 1 instead of true
# breaks: answered with `{"ok": true}`
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send('{"ok": 1}')
            case _:
                await ws.send(ERROR)


# %% wrong: what is wrong twice is not answered again
# breaks: everything else with `{"error": "invalid order"}`
# finding: two equal ones
async def orders(ws):
    refused = set()
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                if message not in refused:
                    await ws.send(ERROR)
                refused.add(message)


# %% wrong: two answers to what is wrong
# breaks: everything else with `{"error": "invalid order"}`
# finding: more than two answers
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)
                await ws.send(ERROR)


# %% wrong: forty bytes, not characters
# breaks: answered with `{"ok": true}`
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": str(item), "count": count, **others} if (
                not others and item.isascii() and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: what is no JSON ends it
# breaks first: a JSON object in a text message
async def orders(ws):
    async for message in ws:
        order = json.loads(message)
        right = right_item(order["item"]) and right_count(order["count"])
        await ws.send(OK if right else ERROR)


# %% wrong: bytes are taken for text
# breaks: a JSON object in a text message
async def orders(ws):
    async for message in ws:
        if isinstance(message, bytes):
            message = message.decode(errors="replace")
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: True is an int
# breaks: `count`, an integer from 1 to 100
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": int(count), **others} if (
                not others and right_item(item) and 1 <= count <= 100
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: a text with a number in it
# breaks: `count`, an integer from 1 to 100
async def orders(ws):
    async for message in ws:
        right = False
        match parse(message):
            case {"item": item, "count": count, **others} if not others and right_item(item):
                with contextlib.suppress(ValueError, TypeError, OverflowError):
                    right = count is not True and 1 <= int(count) <= 100
        await ws.send(OK if right else ERROR)


# %% wrong: a hundred is the limit of nothing
# breaks: `count`, an integer from 1 to 100
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and type(count) is int and count > 0
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: a third field does not matter
# breaks: exactly two fields
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count} if right_item(item) and right_count(count):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: one is meant where no count is given
# breaks: exactly two fields
async def orders(ws):
    async for message in ws:
        order = parse(message)
        right = (
            isinstance(order, dict)
            and order.keys() <= {"item", "count"}
            and right_item(order.get("item"))
            and right_count(order.get("count", 1))
        )
        await ws.send(OK if right else ERROR)


# %% wrong: the item has no limits
# breaks: `item`, a string of 1 to 40 characters
class Anything(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


async def orders(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                raise ValueError
            msgspec.json.decode(message, type=Anything)
            await ws.send(OK)
        except (ValueError, RecursionError):
            await ws.send(ERROR)


# %% wrong: a list has a length, too
# breaks: `item`, a string of 1 to 40 characters
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": list() | str() as item, "count": count, **others} if (
                not others and 1 <= len(item) <= 40 and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)


# %% wrong: deep nesting ends it
# breaks: no message ends the connection
async def orders(ws):
    async for message in ws:
        try:
            order = json.loads(message) if isinstance(message, str) else None
        except ValueError:
            order = None
        right = (
            isinstance(order, dict)
            and order.keys() == {"item", "count"}
            and right_item(order["item"])
            and right_count(order["count"])
        )
        await ws.send(OK if right else ERROR)


# %% wrong: another error
# breaks first: a JSON object in a text message
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send('{"error": "no"}')


# %% wrong: it ends after the first order that is none
# breaks: no message ends the connection
async def orders(ws):
    async for message in ws:
        match parse(message):
            case {"item": item, "count": count, **others} if (
                not others and right_item(item) and right_count(count)
            ):
                await ws.send(OK)
            case _:
                await ws.send(ERROR)
                return
