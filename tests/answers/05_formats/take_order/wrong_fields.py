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


# %% wrong: any integer
# breaks: `table` is an integer from 1 to 20
class Order(Struct, tag_field="type", tag="order"):
    table: int
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: int


class Schema(Restaurant):
    def check(self, message):
        try:
            msgspec.convert(message, Order | Cancel)
        except msgspec.ValidationError:
            super().check(message)


take_order = Schema()


# %% wrong: true is taken for 1
# breaks: `table` is an integer from 1 to 20
class Bool(Restaurant):
    def check_table(self, message):
        table = message.get("table")
        if not isinstance(table, int) or not 1 <= table <= 20:
            raise Bad("table: a number from 1 to 20 is expected")


take_order = Bool()


# %% wrong: a fraction
# breaks: `table` is an integer from 1 to 20
class Fraction(Restaurant):
    def check_table(self, message):
        table = message.get("table")
        if type(table) not in (int, float) or not 1 <= table <= 20:
            raise Bad("table: a number from 1 to 20 is expected")


take_order = Fraction()


# %% wrong: the text of a number
# breaks: `table` is an integer from 1 to 20
class Text(Restaurant):
    def check_table(self, message):
        if type(table := message.get("table")) is str and table.isdigit():
            message["table"] = int(table)
        super().check_table(message)


take_order = Text()


# %% wrong: 20 is too large
# breaks: `table` is an integer from 1 to 20
class Range(Restaurant):
    def check_table(self, message):
        if message.get("table") == 20:
            raise Bad("table: too large")
        super().check_table(message)


take_order = Range()


# %% wrong: a cancel's table is not looked at
# breaks: `table` is an integer from 1 to 20
class NoCancel(Restaurant):
    def check_table(self, message):
        if message["type"] == "order" or "table" not in message:
            super().check_table(message)


take_order = NoCancel()


# %% wrong: 0 is falsy, so it is no table, and then it is not looked at
# breaks: `table` is an integer from 1 to 20
class Falsy(Restaurant):
    def check_table(self, message):
        if message.get("table", 99):
            super().check_table(message)


take_order = Falsy()


# %% wrong: an empty list
# breaks: `dishes` a list of strings that is not empty
class Empty(Restaurant):
    def check_dishes(self, message):
        if message.get("dishes") != []:
            super().check_dishes(message)


take_order = Empty()


# %% wrong: a text is a sequence of strings as well
# breaks: `dishes` a list of strings that is not empty
class Sequence(Restaurant):
    def check_dishes(self, message):
        if not message.get("dishes"):
            raise Bad("dishes: a list that is not empty is expected")
        if not isinstance(message["dishes"], list | str | dict):
            raise Bad("dishes: a list is expected")
        if not all(isinstance(dish, str) for dish in message["dishes"]):
            raise Bad("dishes: a list of strings is expected")


take_order = Sequence()


# %% wrong: only the first dish
# breaks: `dishes` a list of strings that is not empty
class First(Restaurant):
    def check_dishes(self, message):
        if isinstance(message.get("dishes"), list):
            message["dishes"] = message["dishes"][:1]
        super().check_dishes(message)


take_order = First()


# %% wrong: one string is enough
# breaks: `dishes` a list of strings that is not empty
class AnyString(Restaurant):
    def check_dishes(self, message):
        dishes = message.get("dishes")
        if not isinstance(dishes, list) or not any(isinstance(dish, str) for dish in dishes):
            raise Bad("dishes: a list of strings is expected")


take_order = AnyString()


# %% wrong: an empty string is no string
# breaks: `dishes` a list of strings that is not empty
class Truthy(Restaurant):
    def check_dishes(self, message):
        super().check_dishes(message)
        if not all(message["dishes"]):
            raise Bad("dishes: an empty dish")


take_order = Truthy()


# %% wrong: each dish once
# breaks: `dishes` a list of strings that is not empty
class Once(Restaurant):
    def check_dishes(self, message):
        super().check_dishes(message)
        if len(set(message["dishes"])) < len(message["dishes"]):
            raise Bad("dishes: twice the same")


take_order = Once()


# %% wrong: any note
# breaks: `note` a string that may be left out
class AnyNote(Restaurant):
    def check_note(self, message):
        pass


take_order = AnyNote()


# %% wrong: null for a note
# breaks: `note` a string that may be left out
class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str | None = None


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


class Schema(Restaurant):
    def check(self, message):
        try:
            msgspec.convert(message, Order | Cancel)
        except msgspec.ValidationError:
            super().check(message)


take_order = Schema()


# %% wrong: a note that is falsy
# breaks: `note` a string that may be left out
class Falsy(Restaurant):
    def check_note(self, message):
        if message.get("note"):
            super().check_note(message)


take_order = Falsy()


# %% wrong: a note must be there
# breaks: `note` a string that may be left out
class MustNote(Restaurant):
    def check_note(self, message):
        if "note" not in message:
            raise Bad("note: it is missing")
        super().check_note(message)


take_order = MustNote()


# %% wrong: what has no type is an order
# breaks: any other with
class Default(Restaurant):
    def check(self, message):
        if isinstance(message, dict):
            message = {"type": "order"} | message
        super().check(message)


take_order = Default()


# %% wrong: capitals do not count
# breaks: any other with
class Lower(Restaurant):
    def check(self, message):
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            message["type"] = message["type"].strip().lower()
        super().check(message)


take_order = Lower()


# %% wrong: whatever is no order is a cancel
# breaks: any other with
class Else(Restaurant):
    def check(self, message):
        if isinstance(message, dict) and "type" in message and message["type"] != "order":
            self.check_table(message)
        else:
            super().check(message)


take_order = Else()


# %% wrong: NaN is let in
# breaks: any other with
class NaN(Restaurant):
    def parse(self, text):
        try:
            return json.loads(text)
        except RecursionError:
            raise Bad("nested too deep") from None


take_order = NaN()
