"""Answers to exercise 7.1, “Whose page is it?”."""

# %% right
ALLOWED = {"https://course.example"}


async def doorkeeper(ws):
    if "Origin" in ws.request.headers and ws.request.headers["Origin"] not in ALLOWED:
        await ws.close(1008)
    else:
        async for message in ws:
            await ws.send(message)


# %% wrong
# finding: a page from https://evil.example should be refused
async def doorkeeper(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a client without an Origin should be let in
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") != "https://course.example":
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a page from https://course.example.evil.example should be refused
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin and not origin.startswith("https://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a page from http://course.example should be refused
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin and not origin.endswith("://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a page from https://course.example should be let in
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") is not None:
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a page from null should be refused
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, "null", "https://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
