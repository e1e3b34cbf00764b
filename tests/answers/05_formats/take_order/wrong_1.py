"""Answers to exercise 5.3, “An error that helps”."""

# %% wrong
# finding: the error should name the wrong field, 'table'
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError):
            reply = {"type": "error", "message": "invalid order"}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: the error should name the wrong field, 'table', and no other
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError):
            reply = {"type": "error", "message": "wrong: table, dishes, note or type"}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: 'table' is wrong here
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = int


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: 'dishes' is wrong here
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: list[str]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: 'note' is wrong here
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: a correct order should be accepted
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: 'table' is wrong here
import wslab


class Bad(ValueError):
    pass


def check_table(message):
    table = message.get("table")
    if not isinstance(table, int) or not 1 <= table <= 20:
        raise Bad("table: a number from 1 to 20 is expected")


def check_order(message):
    check_table(message)
    dishes = message.get("dishes")
    if not isinstance(dishes, list) or not dishes:
        raise Bad("dishes: a list that is not empty is expected")
    if not all(isinstance(dish, str) for dish in dishes):
        raise Bad("dishes: a list of strings is expected")
    if not isinstance(message.get("note", ""), str):
        raise Bad("note: a string is expected")


CHECKS = {"order": check_order, "cancel": check_table}


async def take_order(ws):
    async for text in ws:
        try:
            message = wslab.handlers.parse_json(text)
            if not isinstance(message, dict):
                raise Bad("an object is expected")
            kind = message.get("type")
            if not isinstance(kind, str) or kind not in CHECKS:
                raise Bad("type: order or cancel is expected")
            CHECKS[kind](message)
            reply = {"type": "accepted", "log": "to the kitchen"}
        except ValueError as error:
            print("refused", error)
            reply = {"message": f"Error! {error}", "type": "error"}
        await ws.send(wslab.handlers.to_json(reply))


# %% wrong
# finding: 'dishes' is wrong here
import wslab


class Bad(ValueError):
    pass


def check_table(message):
    table = message.get("table")
    if type(table) is not int or not 1 <= table <= 20:
        raise Bad("table: a number from 1 to 20 is expected")


def check_order(message):
    check_table(message)
    dishes = message.get("dishes")
    if not dishes:
        raise Bad("dishes: a list that is not empty is expected")
    if not all(isinstance(dish, str) for dish in dishes):
        raise Bad("dishes: a list of strings is expected")
    if not isinstance(message.get("note", ""), str):
        raise Bad("note: a string is expected")


CHECKS = {"order": check_order, "cancel": check_table}


async def take_order(ws):
    async for text in ws:
        try:
            message = wslab.handlers.parse_json(text)
            if not isinstance(message, dict):
                raise Bad("an object is expected")
            kind = message.get("type")
            if not isinstance(kind, str) or kind not in CHECKS:
                raise Bad("type: order or cancel is expected")
            CHECKS[kind](message)
            reply = {"type": "accepted", "log": "to the kitchen"}
        except ValueError as error:
            print("refused", error)
            reply = {"message": f"Error! {error}", "type": "error"}
        await ws.send(wslab.handlers.to_json(reply))


# %% wrong
# finding: the connection was closed
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except KeyError as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% wrong
# finding: a binary message came where text is due
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply))
