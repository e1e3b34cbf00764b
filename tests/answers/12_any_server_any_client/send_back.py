"""Answers to exercise 12.1, “Text stays text”."""


# %% right: decodes first
async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else data.decode())


# %% right: two calls
async def send_back(ws, data, is_binary):
    if is_binary:
        await ws.send(data)
    else:
        await ws.send(str(data, "utf-8"))


# %% right: says both
async def send_back(ws, data, is_binary):
    match is_binary:
        case True:
            await ws.send(bytearray(data), text=False)
        case False:
            await ws.send(memoryview(data), text=True)


# %% wrong: as ws.send(message) does in Node
# breaks: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data)


# %% wrong: all is text
# breaks first: binary data as binary data
async def send_back(ws, data, is_binary):
    await ws.send(data.decode(errors="replace"))


# %% wrong: the other way round
# breaks first: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data, text=is_binary)


# %% wrong: the name of the type
# breaks: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else str(data))


# %% wrong: a text twice
# breaks: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data, text=not is_binary)
    if not is_binary:
        await ws.send(data, text=True)


# %% right: codecs, match
import codecs


async def send_back(ws, data, is_binary):
    match is_binary:
        case True:
            message = data
        case False:
            message = codecs.decode(data, "utf-8")
    await ws.send(message)


# %% right: class
class SendBack:
    def convert(self, data, is_binary):
        return data if is_binary else "".join(data.decode("UTF-8"))

    async def __call__(self, ws, data, is_binary):
        return await ws.send(self.convert(data, is_binary))


send_back = SendBack()


# %% wrong: tries UTF-8 whatever
# breaks: binary data as binary data
async def send_back(ws, data, is_binary):
    try:
        message = data.decode()
    except UnicodeDecodeError:
        message = data
    await ws.send(message)


# %% wrong: nothing if empty
# breaks first: a text goes back as text
async def send_back(ws, data, is_binary):
    if data:
        await ws.send(data if is_binary else data.decode())


# %% wrong: twice
# breaks first: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else data.decode())
    await ws.send(data if is_binary else data.decode())


# %% wrong: without a byte order mark
# breaks: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else data.decode("utf-8-sig"))


# %% wrong: normalised
# breaks: a text goes back as text
import unicodedata


async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else unicodedata.normalize("NFC", data.decode()))


# %% wrong: cut at 65535
# breaks: binary data as binary data
async def send_back(ws, data, is_binary):
    await ws.send(data[:65535] if is_binary else data.decode()[:65535])
