"""Answers to exercise 7.1, “Whose page is it?”."""

import re
from urllib.parse import urlsplit

OWN = "https://course.example"


async def echo(ws):
    async for message in ws:
        await ws.send(message)


# %% right: a set of what is allowed
async def doorkeeper(ws):
    if "Origin" in ws.request.headers and ws.request.headers["Origin"] not in {OWN}:
        await ws.close(1008)
    else:
        await echo(ws)


# %% right: a function that decides
def may_talk(origin):
    return origin is None or origin == OWN


async def doorkeeper(ws):
    if not may_talk(ws.request.headers.get("Origin")):
        await ws.close(1008, "foreign page")
        return
    await echo(ws)


# %% right: match
async def doorkeeper(ws):
    match ws.request.headers.get("Origin"):
        case None | "https://course.example":
            await echo(ws)
        case _:
            await ws.close(1008)


# %% right: a pattern for the whole of it
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None and not re.fullmatch(r"https://course\.example", origin):
        await ws.close(1008)
        return
    await echo(ws)


# %% right: scheme and host
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None:
        parts = urlsplit(origin)
        if (parts.scheme, parts.netloc) != ("https", "course.example"):
            await ws.close(1008)
            return
    await echo(ws)


# %% wrong: everybody may
# breaks: Any other page is refused with code 1008
async def doorkeeper(ws):
    await echo(ws)


# %% wrong: programs are refused
# breaks: clients that send no `Origin`, such as Python
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") != OWN:
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: how it begins
# breaks: Any other page is refused with code 1008
# finding: https://course.example.evil.example
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None and not origin.startswith(OWN):
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: a pattern that any site of the domain fits
# breaks: Any other page is refused with code 1008
# finding: https://evil.course.example
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None and not re.fullmatch(r"https://([a-z]+\.)?course\.example", origin):
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: a pattern whose dot is any character
# breaks: Any other page is refused with code 1008
# finding: https://course-example
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None and not re.fullmatch(r"https://course.example", origin):
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: the host only
# breaks: Any other page is refused with code 1008
# finding: http://course.example
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is not None and urlsplit(origin).hostname != "course.example":
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: every page is refused
# breaks: pages of `https://course.example` may talk to it
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") is not None:
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: "null" and nothing are taken for none
# breaks: Any other page is refused with code 1008
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, "null", OWN):
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: an empty Origin is taken for none
# breaks: Any other page is refused with code 1008
# finding: nowhere
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin and origin != OWN:
        await ws.close(1008)
        return
    await echo(ws)


# %% wrong: another code
# breaks: Any other page is refused with code 1008
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") not in (None, OWN):
        return
    await echo(ws)


# %% wrong: its own page may say one thing
# breaks: pages of `https://course.example` may talk to it
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin is None:
        await echo(ws)
    elif origin == OWN:
        await ws.send(await ws.recv())
    else:
        await ws.close(1008)


# %% wrong: pages of one's own machine may talk to it, too
# breaks: Any other page is refused with code 1008
# finding: http://localhost
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, OWN) and urlsplit(origin).hostname not in ("localhost", "127.0.0.1"):
        await ws.close(1008)
        return
    await echo(ws)
