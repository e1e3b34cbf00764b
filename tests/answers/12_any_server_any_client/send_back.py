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
# breaks: binary data as binary data
async def send_back(ws, data, is_binary):
    await ws.send(data.decode(errors="replace"))


# %% wrong: the other way round
# breaks first: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data, text=is_binary)


# %% wrong: the name of the type
# breaks first: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data if is_binary else str(data))


# %% wrong: a text twice
# breaks: a text goes back as text
async def send_back(ws, data, is_binary):
    await ws.send(data, text=not is_binary)
    if not is_binary:
        await ws.send(data, text=True)
