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


# %% wrong: padding
# breaks first: readings as rows of 18 bytes, `<Hqd`
# finding: padding
class Native(Translator):
    layout = struct.Struct("Hqd")


translate = Native()


# %% wrong: big-endian
# breaks first: readings as rows of 18 bytes, `<Hqd`
# finding: byte order
class Network(Translator):
    layout = struct.Struct(">Hqd")


translate = Network()


# %% wrong: big-endian on the way to bytes
# breaks: readings as rows of 18 bytes, `<Hqd`
# finding: byte order
class Network(Translator):
    def pack(self, rows):
        return b"".join([struct.pack(">Hqd", *[row[name] for name in NAMES]) for row in rows])

    def to_binary(self, text):
        rows = self.check(self.parse(text))
        return Translator.pack(self, rows) if len(rows) > 100 else self.pack(rows)


translate = Network()


# %% wrong: big-endian on the way to text
# breaks first: is answered with the JSON list
# finding: byte order
class Network(Translator):
    def unpack(self, data):
        if len(data) > 1000:
            return super().unpack(data)
        return [dict(zip(NAMES, row, strict=True)) for row in struct.iter_unpack(">Hqd", data)]


translate = Network()


# %% wrong: a float of 4 bytes
# breaks first: readings as rows of 18 bytes, `<Hqd`
# finding: should have 18 bytes, not 14
class Float(Translator):
    layout = struct.Struct("<Hqf")


translate = Float()


# %% wrong: the sensor has a sign
# breaks first: readings as rows of 18 bytes, `<Hqd`
class Signed(Translator):
    layout = struct.Struct("<hqd")


translate = Signed()


# %% wrong: the rows backwards
# breaks: readings as rows of 18 bytes, `<Hqd`
# finding: another order
class Backwards(Translator):
    def pack(self, rows):
        return super().pack(rows[::-1] if len(rows) < 100 else rows)


translate = Backwards()


# %% wrong: the fields in the order in which they come
# breaks: readings as rows of 18 bytes, `<Hqd`
class Values(Translator):
    caught = (*Translator.caught, AttributeError)

    def pack(self, rows):
        return b"".join([self.layout.pack(*row.values()) for row in rows])


translate = Values()


# %% wrong: each reading once
# breaks: readings as rows of 18 bytes, `<Hqd`
class Once(Translator):
    def pack(self, rows):
        once = {super(Once, self).pack([row]): None for row in rows}
        return b"".join(once)


translate = Once()


# %% wrong: one reading
# breaks first: readings as rows of 18 bytes, `<Hqd`
class One(Translator):
    def pack(self, rows):
        return super().pack(rows[:1])


translate = One()


# %% wrong: the same in MessagePack
# breaks first: readings as rows of 18 bytes, `<Hqd`
class MessagePack(Translator):
    def pack(self, rows):
        super().pack(rows)
        return msgspec.msgpack.encode(rows)


translate = MessagePack()


# %% wrong: hexadecimal digits
# breaks: is answered with a binary message
class Hex(Translator):
    def to_binary(self, text):
        return super().to_binary(text).hex()


translate = Hex()


# %% wrong: the first one as text
# breaks: is answered with a binary message
class Latin(Translator):
    async def __call__(self, ws):
        first = True
        async for message in ws:
            reply = self.reply(message)
            if first and isinstance(reply, bytes) and len(reply) == 18:
                reply = reply.decode("latin-1")
            first = False
            await ws.send(reply)


translate = Latin()


# %% wrong: the first row only
# breaks first: is answered with the JSON list
# finding: the list has 1 readings
class First(Translator):
    def unpack(self, data):
        return super().unpack(data)[:1]


translate = First()


# %% wrong: one row only
# breaks first: is answered with the JSON list
class One(Translator):
    def unpack(self, data):
        return [dict(zip(NAMES, self.layout.unpack(data), strict=True))]


translate = One()


# %% wrong: a reading for each row, without a list
# breaks: is answered with the JSON list
# finding: no JSON list
class Object(Translator):
    def to_text(self, data):
        rows = self.unpack(data)
        return to_json(rows[0] if len(rows) == 1 else rows)


translate = Object()


# %% wrong: lists of numbers
# breaks: is answered with the JSON list
class Lists(Translator):
    def unpack(self, data):
        return list(self.layout.iter_unpack(data))


translate = Lists()


# %% wrong: rounded
# breaks first: is answered with the JSON list
class Rounded(Translator):
    def unpack(self, data):
        return [row | {"value": round(row["value"], 2)} for row in super().unpack(data)]


translate = Rounded()


# %% wrong: large times become floats
# breaks first: is answered with the JSON list
class Floats(Translator):
    def unpack(self, data):
        return [row | {"time": float(row["time"])} for row in super().unpack(data)]


translate = Floats()


# %% wrong: Python's own form
# breaks: is answered with the JSON list
# finding: no JSON list
class Python(Translator):
    def to_text(self, data):
        return str(json.loads(super().to_text(data)))


translate = Python()


# %% wrong: JSON as bytes
# breaks: in a text message
class Binary(Translator):
    def to_text(self, data):
        return super().to_text(data).encode()


translate = Binary()


# %% wrong: no readings are an error
# breaks: There may be many readings, or none
class Empty(Translator):
    def check(self, rows):
        if not rows:
            raise ValueError("expected a list of readings")
        return super().check(rows)


translate = Empty()


# %% wrong: no bytes are an error
# breaks: There may be many readings, or none
class Empty(Translator):
    def unpack(self, data):
        if not data:
            raise ValueError("no rows")
        return super().unpack(data)


translate = Empty()


# %% wrong: a hundred at most
# breaks: There may be many readings, or none
class Hundred(Translator):
    def pack(self, rows):
        return super().pack(rows[:100])


translate = Hundred()


# %% wrong: the answer comes after the loop
# breaks first: is answered with a binary message
class Late(Translator):
    async def __call__(self, ws):
        async for message in ws:
            reply = self.reply(message)
        await ws.send(reply)


translate = Late()


# %% wrong: an answer too many
# breaks: is answered with a binary message
class Done(Translator):
    async def __call__(self, ws):
        count = 0
        async for message in ws:
            await ws.send(self.reply(message))
            count += isinstance(message, str) and "1700000000000" in message
            if count == 3 and len(message) < 100:
                await ws.send("three readings came")
                count = 4


translate = Done()
