"""Answers to exercise 5.2, “One function for each type”."""

import json

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


# %% wrong: whatever is no set is a get
# breaks first: K a string
async def store(ws):
    values = {}
    async for text in ws:
        message = parse_json(text)
        if message["type"] == "set":
            values[message["key"]] = message["value"]
            await ws.send(to_json({"type": "done"}))
        else:
            key = message["key"]
            await ws.send(to_json({"type": "value", "key": key, "value": values.get(key)}))


# %% wrong: one store for all
# breaks: Every client has a store of its own
shared = {}


class Shared(Store):
    def store_of(self, ws):
        return shared


store = Shared()


# %% wrong: a store for each address
# breaks: Every client has a store of its own
stores = {}


class ByAddress(Store):
    def store_of(self, ws):
        return stores.setdefault(ws.remote_address[0], {})


store = ByAddress()


# %% wrong: a default argument, which is there once
# breaks: Every client has a store of its own
class Default(Store):
    def store_of(self, ws, values={}):  # noqa: B006
        return values


store = Default()


# %% wrong: the value is forgotten
# breaks first: `{"type": "value", "key": K, "value": V}`
class Forgetful(Store):
    def set(self, values, message):
        return super().set(values, message | {"value": ""})


store = Forgetful()


# %% wrong: only the first value counts
# breaks first: `{"type": "value", "key": K, "value": V}`
class First(Store):
    def set(self, values, message):
        match message:
            case {"key": str(key), "value": value}:
                values.setdefault(key, value)
                return {"type": "done"}
        return self.error()


store = First()


# %% wrong: the key is missing in the answer
# breaks first: `{"type": "value", "key": K, "value": V}`
class Short(Store):
    def get(self, values, message):
        match message:
            case {"key": str(key)}:
                return {"type": "value", "value": values.get(key)}
        return self.error()


store = Short()


# %% wrong: the answer's type is get
# breaks: `{"type": "value", "key": K, "value": V}`
class Get(Store):
    def get(self, values, message):
        match message:
            case {"key": str(key)} if key in values:
                return {"type": "get", "key": key, "value": values[key]}
        return super().get(values, message)


store = Get()


# %% wrong: the answer to a set is true
# breaks: `{"type": "done"}`
class Done(Store):
    def set(self, values, message):
        reply = super().set(values, message)
        return reply if reply["type"] == "error" else {"done": True}


store = Done()


# %% wrong: a set is answered with its value
# breaks: `{"type": "done"}`
class Echo(Store):
    def set(self, values, message):
        reply = super().set(values, message)
        return reply if reply["type"] == "error" else {"type": "ok", "value": message["value"]}


store = Echo()


# %% wrong: a word for what was never set
# breaks: V `null` if K was never set
class Unknown(Store):
    def get(self, values, message):
        reply = super().get(values, message)
        if reply["type"] == "value" and reply["key"] not in values:
            reply["value"] = "unknown"
        return reply


store = Unknown()


# %% wrong: no value if it was never set
# breaks: V `null` if K was never set
class Missing(Store):
    def get(self, values, message):
        reply = super().get(values, message)
        if reply["type"] == "value" and reply["key"] not in values:
            del reply["value"]
        return reply


store = Missing()


# %% wrong: an error if it was never set
# breaks first: V `null` if K was never set
class Strict(Store):
    def get(self, values, message):
        return super().get(values, message) if message.get("key") in values else self.error()


store = Strict()


# %% wrong: what is falsy becomes null
# breaks: V any JSON
class Falsy(Store):
    def get(self, values, message):
        reply = super().get(values, message)
        return {key: value or None for key, value in reply.items()} | {"key": message.get("key")}


store = Falsy()


# %% wrong: texts only
# breaks first: `{"type": "value", "key": K, "value": V}`
class Texts(Store):
    def set(self, values, message):
        if "value" in message:
            message["value"] = str(message["value"])
        return super().set(values, message)


store = Texts()


# %% wrong: null is taken for no value
# breaks: V any JSON
class NoNull(Store):
    def set(self, values, message):
        return self.error() if message.get("value") is None else super().set(values, message)


store = NoNull()


# %% wrong: true becomes 1
# breaks: V any JSON
class Numbers(Store):
    def set(self, values, message):
        if isinstance(message.get("value"), bool):
            message["value"] = int(message["value"])
        return super().set(values, message)


store = Numbers()


# %% wrong: the answer is put together by hand
# breaks first: V any JSON
class ByHand(Store):
    async def answer(self, ws, values, text):
        reply = self.reply(values, text)
        if reply["type"] == "value" and isinstance(reply["value"], str):
            key = json.dumps(reply["key"])
            await ws.send(f'{{"type": "value", "key": {key}, "value": "{reply["value"]}"}}')
        else:
            await ws.send(to_json(reply))


store = ByHand()


# %% wrong: any key that a dict takes
# breaks first: K a string
class AnyKey(Store):
    def get(self, values, message):
        key = message.get("key")
        return {"type": "value", "key": key, "value": values.get(key)}


store = AnyKey()


# %% wrong: a key may be a number
# breaks: K a string
class NumberKey(Store):
    def get(self, values, message):
        if isinstance(message.get("key"), int | float):
            message["key"] = str(message["key"])
        return super().get(values, message)


store = NumberKey()


# %% wrong: an empty key is none
# breaks: K a string
class NoEmptyKey(Store):
    def set(self, values, message):
        return super().set(values, message) if message.get("key") else self.error()


store = NoEmptyKey()


# %% wrong: keys without the blanks at their ends
# breaks: K a string
class Strip(Store):
    def get(self, values, message):
        reply = super().get(values, message)
        if reply["type"] == "value":
            reply["value"] = values.get(reply["key"].strip())
        return reply


store = Strip()


# %% wrong: a welcome
# breaks first: `{"type": "done"}`
class Polite(Store):
    async def __call__(self, ws):
        await ws.send('{"type": "welcome"}')
        await super().__call__(ws)


store = Polite()


# %% wrong: only what the example says
# breaks first: `{"type": "value", "key": K, "value": V}`
async def store(ws):
    async for text in ws:
        message = json.loads(text)
        if message["type"] == "set":
            await ws.send('{"type": "done"}')
        elif message["key"] == "a":
            await ws.send('{"type": "value", "key": "a", "value": 1}')
        else:
            await ws.send('{"type": "value", "key": "b", "value": null}')


# %% wrong: capitals do not count in a key
# breaks: K a string
class Lower(Store):
    def set(self, values, message):
        if isinstance(message.get("key"), str):
            message["key"] = message["key"].lower()
        return super().set(values, message)

    def get(self, values, message):
        reply = super().get(values, message)
        if reply["type"] == "value":
            reply["value"] = values.get(reply["key"].lower())
        return reply


store = Lower()
