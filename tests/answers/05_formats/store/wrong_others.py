"""Answers to exercise 5.2, “One function for each type”."""

import asyncio
import json
import time

from wslab.handlers import parse_json, to_json


class Store:
    """A right answer, whose parts are replaced below."""

    def store_of(self, ws):
        return {}

    def parse(self, text):
        return parse_json(text)

    def set(self, values, message):
        match message:
            case {"key": str(key), "value": value}:
                values[key] = value
                return {"type": "done"}
        return self.error()

    def get(self, values, message):
        match message:
            case {"key": str(key)}:
                return {"type": "value", "key": key, "value": values.get(key)}
        return self.error()

    def error(self):
        return {"type": "error", "message": "expected a set or a get, with a key"}

    def reply(self, values, text):
        try:
            message = self.parse(text)
        except ValueError:
            return self.error()
        match message:
            case {"type": "set"}:
                return self.set(values, message)
            case {"type": "get"}:
                return self.get(values, message)
        return self.error()

    async def answer(self, ws, values, text):
        await ws.send(to_json(self.reply(values, text)))

    async def __call__(self, ws):
        values = self.store_of(ws)
        async for text in ws:
            await self.answer(ws, values, text)


# %% wrong: a set without a value
# breaks: anything else
class Careless(Store):
    def set(self, values, message):
        return super().set(values, {"value": None} | message)


store = Careless()


# %% wrong: NaN is let in
# breaks: anything else
class NaN(Store):
    def parse(self, text):
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError from None

    async def answer(self, ws, values, text):
        await ws.send(json.dumps(self.reply(values, text)))


store = NaN()


# %% wrong: capitals do not count
# breaks: anything else
class Lower(Store):
    def parse(self, text):
        message = super().parse(text)
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            message["type"] = message["type"].lower()
        return message


store = Lower()


# %% wrong: after a mistake the store is empty
# breaks: anything else
class Clear(Store):
    async def answer(self, ws, values, text):
        if self.reply(values, text)["type"] == "error":
            values.clear()
        await super().answer(ws, values, text)


store = Clear()


# %% wrong: a mistake is not answered
# breaks first: One answer for each message
class Silent(Store):
    async def answer(self, ws, values, text):
        if self.reply(values, text)["type"] != "error":
            await super().answer(ws, values, text)


store = Silent()


# %% wrong: what is no JSON ends the connection
# breaks: no message ends the connection
class Fragile(Store):
    def parse(self, text):
        try:
            return super().parse(text)
        except ValueError:
            raise LookupError(text) from None


store = Fragile()


# %% wrong: the first mistake is the last one
# breaks: no message ends the connection
class Once(Store):
    async def __call__(self, ws):
        values = {}
        async for text in ws:
            await self.answer(ws, values, text)
            if self.reply(values, text)["type"] == "error":
                break


store = Once()


# %% wrong: text that is nested too deep
# breaks: no message ends the connection
def refuse(constant):
    raise ValueError(constant)


class Deep(Store):
    def parse(self, text):
        return json.loads(text, parse_constant=refuse)


store = Deep()


# %% wrong: a type that is no string
# breaks: no message ends the connection
class Table(Store):
    def reply(self, values, text):
        try:
            message = self.parse(text)
        except ValueError:
            return self.error()
        kind = message.get("type") if isinstance(message, dict) else "?"
        action = {"set": self.set, "get": self.get}.get(kind)
        return action(values, message) if action else self.error()


store = Table()


# %% wrong: a surrogate that is alone
# breaks: no message ends the connection
class Letters(Store):
    async def answer(self, ws, values, text):
        await ws.send(json.dumps(self.reply(values, text), ensure_ascii=False))


store = Letters()


# %% wrong: bytes
# breaks: the answers are text, too
class Binary(Store):
    async def answer(self, ws, values, text):
        await ws.send(to_json(self.reply(values, text)).encode())


store = Binary()


# %% wrong: errors as bytes
# breaks: the answers are text, too
class Binary(Store):
    async def answer(self, ws, values, text):
        reply = self.reply(values, text)
        await ws.send(to_json(reply).encode(), text=reply["type"] != "error")


store = Binary()


# %% wrong: the error has no message
# breaks: `{"type": "error", "message": …}`, a string in your words
class Short(Store):
    def error(self):
        return {"type": "error"}


store = Short()


# %% wrong: the error's message is null
# breaks: `{"type": "error", "message": …}`, a string in your words
class Null(Store):
    def error(self):
        return {"type": "error", "message": None}


store = Null()


# %% wrong: another word for the error
# breaks: `{"type": "error", "message": …}`, a string in your words
class Other(Store):
    def error(self):
        return {"error": "what?"}


store = Other()


# %% wrong: a set is answered twice
# breaks first: One answer for each message
class Twice(Store):
    async def answer(self, ws, values, text):
        await super().answer(ws, values, text)
        if '"set"' in text:
            await super().answer(ws, values, text)


store = Twice()


# %% wrong: one error twice
# breaks: One answer for each message
class Twice(Store):
    async def answer(self, ws, values, text):
        await super().answer(ws, values, text)
        if text == "what?":
            await super().answer(ws, values, text)


store = Twice()


# %% wrong: each error twice
# breaks first: One answer for each message
# finding: a second answer
class Twice(Store):
    async def answer(self, ws, values, text):
        await super().answer(ws, values, text)
        if self.reply(values, text)["type"] == "error":
            await super().answer(ws, values, text)


store = Twice()


# %% wrong: more fields are an error
# breaks: Fields that are not named here do no harm
class Strict(Store):
    def reply(self, values, text):
        reply = super().reply(values, text)
        if reply["type"] == "error" or len(self.parse(text)) <= 3 - (reply["type"] == "value"):
            return reply
        return self.error()


store = Strict()


# %% wrong: it blocks
# breaks: no client waits for another
class Slow(Store):
    async def answer(self, ws, values, text):
        time.sleep(0.05)  # noqa: ASYNC251
        await super().answer(ws, values, text)


store = Slow()


# %% wrong: one after the other
# breaks: no client waits for another
lock = asyncio.Lock()


class Locked(Store):
    async def answer(self, ws, values, text):
        async with lock:
            await asyncio.sleep(0.05)
            await super().answer(ws, values, text)


store = Locked()
