"""Answers to exercise 5.4, “A translator”."""

import json
import struct

import msgspec

from wslab.handlers import parse_json, to_json

NAMES = ("sensor", "time", "value")


class Translator:
    """A right answer, whose parts are replaced below."""

    layout = struct.Struct("<Hqd")
    names = NAMES
    caught = (ValueError, KeyError, TypeError, struct.error)

    def parse(self, text):
        return parse_json(text)

    def check(self, rows):
        if not isinstance(rows, list):
            raise ValueError("expected a list")
        return rows

    def pack(self, rows):
        return b"".join([self.layout.pack(*[row[name] for name in self.names]) for row in rows])

    def unpack(self, data):
        return [dict(zip(self.names, row, strict=True)) for row in self.layout.iter_unpack(data)]

    def to_binary(self, text):
        return self.pack(self.check(self.parse(text)))

    def to_text(self, data):
        return to_json(self.unpack(data))

    def error(self, exc):
        return json.dumps({"error": repr(exc)})

    def reply(self, message):
        try:
            return self.to_binary(message) if isinstance(message, str) else self.to_text(message)
        except self.caught as exc:
            return self.error(exc)

    async def __call__(self, ws):
        async for message in ws:
            await ws.send(self.reply(message))


# %% wrong: NaN both ways
# breaks: What cannot be translated
class NaN(Translator):
    caught = (*Translator.caught, RecursionError)

    def parse(self, text):
        return json.loads(text)

    def to_text(self, data):
        return json.dumps(self.unpack(data))


translate = NaN()


# %% wrong: NaN becomes null
# breaks: What cannot be translated
class Null(Translator):
    def to_text(self, data):
        return msgspec.json.encode(self.unpack(data)).decode()


translate = Null()


# %% wrong: half a row is cut off
# breaks: What cannot be translated
class Cut(Translator):
    def unpack(self, data):
        return super().unpack(data[: len(data) // 18 * 18])


translate = Cut()


# %% wrong: an object for a list
# breaks: What cannot be translated
class Object(Translator):
    def check(self, rows):
        return super().check([rows] if isinstance(rows, dict) else rows)


translate = Object()


# %% wrong: an empty object has no readings
# breaks: What cannot be translated
class Iterate(Translator):
    def check(self, rows):
        return rows


translate = Iterate()


# %% wrong: what is no reading is left out
# breaks: What cannot be translated
class Lenient(Translator):
    def check(self, rows):
        return [row for row in super().check(rows) if isinstance(row, dict) and len(row) == 3]


translate = Lenient()


# %% wrong: 0 for what is missing
# breaks: What cannot be translated
class Zero(Translator):
    def check(self, rows):
        return [
            dict.fromkeys(NAMES, 0) | row if isinstance(row, dict) else row
            for row in super().check(rows)
        ]


translate = Zero()


# %% wrong: the text of a number
# breaks first: What cannot be translated
class Numbers(Translator):
    def pack(self, rows):
        return super().pack([row | {"value": float(row["value"])} for row in rows])


translate = Numbers()


# %% wrong: fractions are cut off
# breaks: What cannot be translated
class Whole(Translator):
    def pack(self, rows):
        return super().pack([row | {"sensor": int(row["sensor"])} for row in rows])


translate = Whole()


# %% wrong: large numbers wrap around
# breaks: What cannot be translated
class Wrap(Translator):
    def pack(self, rows):
        return super().pack([row | {"sensor": row["sensor"] % 65536} for row in rows])


translate = Wrap()


# %% wrong: a mistake is not answered
# breaks first: What cannot be translated
class Silent(Translator):
    async def __call__(self, ws):
        async for message in ws:
            reply = self.reply(message)
            if isinstance(reply, bytes) or "error" not in reply:
                await ws.send(reply)


translate = Silent()


# %% wrong: the error is a plain sentence
# breaks: the text message `{"error": …}`, a string in your words
class Plain(Translator):
    def error(self, exc):
        return f"error: {exc!r}"


translate = Plain()


# %% wrong: the error by an f-string
# breaks: the text message `{"error": …}`, a string in your words
class ByHand(Translator):
    def error(self, exc):
        return f'{{"error": "{exc!r} ("cannot translate")"}}'


translate = ByHand()


# %% wrong: the error is null
# breaks: the text message `{"error": …}`, a string in your words
class Null(Translator):
    def error(self, exc):
        return '{"error": null}'


translate = Null()


# %% wrong: another name
# breaks: the text message `{"error": …}`, a string in your words
class Other(Translator):
    def error(self, exc):
        return json.dumps({"type": "error", "message": str(exc)})


translate = Other()


# %% wrong: the error as bytes
# breaks: the text message `{"error": …}`, a string in your words
class Binary(Translator):
    def error(self, exc):
        return super().error(exc).encode()


translate = Binary()


# %% wrong: struct.error is not caught
# breaks: the connection is kept
class Fragile(Translator):
    caught = (ValueError, KeyError, TypeError)


translate = Fragile()


# %% wrong: a list of numbers is not caught
# breaks: the connection is kept
class Fragile(Translator):
    caught = (ValueError, struct.error)


translate = Fragile()


# %% wrong: text that is nested too deep
# breaks: the connection is kept
def refuse(constant):
    raise ValueError(constant)


class Deep(Translator):
    def parse(self, text):
        return json.loads(text, parse_constant=refuse)


translate = Deep()


# %% wrong: after a mistake the connection is closed
# breaks: the connection is kept
class Close(Translator):
    async def __call__(self, ws):
        async for message in ws:
            reply = self.reply(message)
            await ws.send(reply)
            if isinstance(reply, str) and reply.startswith('{"error"'):
                await ws.close(1003)


translate = Close()


# %% wrong: no error after a number
# breaks: the connection is kept
class NoLength(Translator):
    def check(self, rows):
        if len(rows) >= 0:
            return super().check(rows)


class Caught(NoLength):
    caught = (ValueError, KeyError, struct.error)

    def pack(self, rows):
        return super().pack([dict(row) for row in rows])


translate = Caught()
