"""Answers to exercise 5.3, “An error that helps”."""

import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from wslab.handlers import parse_json, to_json

Table = Annotated[int, Meta(ge=1, le=20)]


class Bad(ValueError):
    pass


class Restaurant:
    """A right answer, whose parts are replaced below."""

    accepted = {"type": "accepted"}  # noqa: RUF012

    def parse(self, text):
        return parse_json(text)

    def check_table(self, message):
        table = message.get("table")
        if type(table) is not int or not 1 <= table <= 20:
            raise Bad("table: a number from 1 to 20 is expected")

    def check_dishes(self, message):
        dishes = message.get("dishes")
        if not isinstance(dishes, list) or not dishes:
            raise Bad("dishes: a list that is not empty is expected")
        if not all(isinstance(dish, str) for dish in dishes):
            raise Bad("dishes: a list of strings is expected")

    def check_note(self, message):
        if not isinstance(message.get("note", ""), str):
            raise Bad("note: a string is expected")

    def check(self, message):
        match message:
            case {"type": "order"}:
                self.check_table(message)
                self.check_dishes(message)
                self.check_note(message)
            case {"type": "cancel"}:
                self.check_table(message)
            case {}:
                raise Bad("type: order or cancel is expected")
            case _:
                raise Bad("an object is expected")

    def error(self, exc):
        return {"type": "error", "message": str(exc)}

    def reply(self, text):
        try:
            self.check(self.parse(text))
        except ValueError as exc:
            return self.error(exc)
        return self.accepted

    async def answer(self, ws, reply):
        await ws.send(to_json(reply))

    async def __call__(self, ws):
        async for text in ws:
            await self.answer(ws, self.reply(text))


# %% right: a class
take_order = Restaurant()


# %% right: a table of functions, and more fields in the answer
def check_table(message):
    table = message.get("table")
    if isinstance(table, bool) or not isinstance(table, int) or table not in range(1, 21):
        raise Bad("wrong field: table")


def check_order(message):
    check_table(message)
    dishes = message.get("dishes")
    if not isinstance(dishes, list) or len(dishes) == 0:
        raise Bad("wrong field: dishes")
    for dish in dishes:
        if type(dish) is not str:
            raise Bad("wrong field: dishes")
    if "note" in message and not isinstance(message["note"], str):
        raise Bad("wrong field: note")


CHECKS = {"order": check_order, "cancel": check_table}


async def take_order(ws):
    async for text in ws:
        try:
            message = parse_json(text)
            if not isinstance(message, dict):
                raise Bad("an object is expected")
            kind = message.get("type")
            if not isinstance(kind, str) or kind not in CHECKS:
                raise Bad("wrong field: type")
            CHECKS[kind](message)
            reply = {"type": "accepted", "log": "to the kitchen"}
        except ValueError as error:
            print("refused", error)
            reply = {"message": f"Error! {error}", "type": "error"}
        await ws.send(to_json(reply))


# %% right: a schema, and the error's path
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
            words = f"{type(exc).__name__}: {exc}".replace("$.", "field ")
            reply = {"type": "error", "message": words}
        await ws.send(msgspec.json.encode(reply), text=True)


# %% right: a beginner's if
def wrong_field(message):
    if message.get("type") not in ["order", "cancel"]:
        return "type"
    table = message.get("table")
    if type(table) != int or table < 1 or table > 20:  # noqa: E721
        return "table"
    if message["type"] == "order":
        dishes = message.get("dishes")
        if type(dishes) != list or dishes == []:  # noqa: E721
            return "dishes"
        for dish in dishes:
            if type(dish) != str:  # noqa: E721
                return "dishes"
        if "note" in message and type(message["note"]) != str:  # noqa: E721
            return "note"
    return None


async def take_order(ws):
    async for text in ws:
        try:
            message = json.loads(text, parse_constant=lambda name: 1 / 0)
            field = wrong_field(message)
        except Exception as e:
            await ws.send(json.dumps({"type": "error", "message": "no JSON object: " + str(e)}))
            continue
        if field:
            await ws.send(
                json.dumps({"type": "error", "message": "The field " + field + " is bad"})
            )
        else:
            await ws.send(json.dumps({"type": "accepted"}))
