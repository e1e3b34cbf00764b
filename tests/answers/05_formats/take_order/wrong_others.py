"""Answers to exercise 5.3, “An error that helps”."""

import json
from typing import Annotated

from msgspec import Meta

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


# %% wrong: the error does not say where
# breaks first: names the wrong or missing field
class Terse(Restaurant):
    def error(self, exc):
        return {"type": "error", "message": "invalid order"}


take_order = Terse()


# %% wrong: the error does not name the table
# breaks: names the wrong or missing field
class Terse(Restaurant):
    def check_table(self, message):
        try:
            super().check_table(message)
        except Bad:
            raise Bad("a number from 1 to 20 is expected") from None


take_order = Terse()


# %% wrong: the error for a missing type is a KeyError's words, without the field
# breaks: `type` is one, too
class NoType(Restaurant):
    def check(self, message):
        if isinstance(message, dict) and "type" not in message:
            raise Bad("what is it?")
        super().check(message)


take_order = NoType()


# %% wrong: an unknown type is not named
# breaks: `type` is one, too
class NoType(Restaurant):
    def error(self, exc):
        return super().error(str(exc).replace("type", "kind"))


take_order = NoType()


# %% wrong: all fields are named
# breaks: and no other
class AllFields(Restaurant):
    def error(self, exc):
        return {"type": "error", "message": "wrong: table, dishes, note or type"}


take_order = AllFields()


# %% wrong: the error shows the whole message
# breaks: and no other
class Echo(Restaurant):
    def reply(self, text):
        reply = super().reply(text)
        if reply["type"] == "error" and len(text) < 1000:
            reply["message"] += f" in {text}"
        return reply


take_order = Echo()


# %% wrong: an empty note is none
# breaks first: A correct message is answered with `{"type": "accepted"}`
class NoEmpty(Restaurant):
    def check_note(self, message):
        super().check_note(message)
        if message.get("note") == "":
            raise Bad("note: it is empty")


take_order = NoEmpty()


# %% wrong: what is no JSON ends the connection
# breaks: none ends the connection
class Fragile(Restaurant):
    def parse(self, text):
        try:
            return super().parse(text)
        except ValueError:
            raise LookupError(text) from None


take_order = Fragile()


# %% wrong: a list has no get()
# breaks: none ends the connection
class Fragile(Restaurant):
    def check(self, message):
        if message.get("type") is not None:
            super().check(message)
        else:
            raise Bad("type: it is missing")


take_order = Fragile()


# %% wrong: text that is nested too deep
# breaks: none ends the connection
def refuse(constant):
    raise Bad(constant)


class Deep(Restaurant):
    def parse(self, text):
        return json.loads(text, parse_constant=refuse)


take_order = Deep()


# %% wrong: dishes that are no list
# breaks: none ends the connection
class Iterate(Restaurant):
    def check_dishes(self, message):
        if "dishes" in message and not [dish for dish in message["dishes"] if dish is not None]:
            raise Bad("dishes: it is empty")
        super().check_dishes(message)


take_order = Iterate()


# %% wrong: an error ends the program
# breaks: none ends the connection
class Exit(Restaurant):
    def error(self, exc):
        raise SystemExit(str(exc))


take_order = Exit()


# %% wrong: one message
# breaks first: A correct message is answered with `{"type": "accepted"}`
class One(Restaurant):
    async def __call__(self, ws):
        await self.answer(ws, self.reply(await ws.recv()))


take_order = One()


# %% wrong: the answer is a word
# breaks first: A correct message is answered with `{"type": "accepted"}`
class Word(Restaurant):
    async def answer(self, ws, reply):
        await ws.send(reply["type"])


take_order = Word()


# %% wrong: it is called ok
# breaks: A correct message is answered with `{"type": "accepted"}`
class Ok(Restaurant):
    accepted = {"type": "ok"}  # noqa: RUF012


take_order = Ok()


# %% wrong: an order twice
# breaks first: A correct message is answered with `{"type": "accepted"}`
class Twice(Restaurant):
    async def answer(self, ws, reply):
        for _ in range(2):
            await super().answer(ws, reply)


take_order = Twice()


# %% wrong: a cancel is not answered
# breaks first: A correct message is answered with `{"type": "accepted"}`
class NoCancel(Restaurant):
    async def __call__(self, ws):
        async for text in ws:
            if "cancel" not in text:
                await self.answer(ws, self.reply(text))


take_order = NoCancel()


# %% wrong: bytes
# breaks: Messages and answers are text
class Binary(Restaurant):
    async def answer(self, ws, reply):
        await ws.send(to_json(reply).encode())


take_order = Binary()


# %% wrong: errors as bytes
# breaks: Messages and answers are text
class Binary(Restaurant):
    async def answer(self, ws, reply):
        await ws.send(to_json(reply).encode(), text=reply == self.accepted)


take_order = Binary()


# %% wrong: the error is a list
# breaks: `{"type": "error", "message": …}`
class Errors(Restaurant):
    def error(self, exc):
        return {"type": "error", "message": [str(exc)]}


take_order = Errors()


# %% wrong: it is called error
# breaks: `{"type": "error", "message": …}`
class Other(Restaurant):
    def error(self, exc):
        return {"error": str(exc)}


take_order = Other()


# %% wrong: no JSON is answered with a plain word
# breaks: `{"type": "error", "message": …}`
class Plain(Restaurant):
    def error(self, exc):
        return {"type": "error", "text": str(exc)}


take_order = Plain()


# %% wrong: more fields are an error
# breaks: Fields that are not named here do no harm
class Strict(Restaurant):
    def check(self, message):
        super().check(message)
        if message.keys() - {"type", "table", "dishes", "note"}:
            raise Bad("unknown field")


take_order = Strict()
