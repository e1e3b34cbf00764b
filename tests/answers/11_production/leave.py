"""Answers to exercise 11.3, “In this order”."""

import asyncio


# %% right: all at once
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    await asyncio.gather(*(ws.close(1001, "restart") for ws in connections))


# %% right: TaskGroup
async def leave(state, pause, connections):
    state.ready = False
    await asyncio.wait_for(pause(), 10)
    state.closing = True
    async with asyncio.TaskGroup() as tasks:
        for ws in connections:
            tasks.create_task(ws.close(code=1001))


# %% right: not async itself
def leave(state, pause, connections):
    async def steps():
        state.ready = False
        await pause()
        state.closing = True
        for ws in connections:
            await ws.close(1001)

    return steps()


# %% wrong: ready until the end of the pause
# breaks: First `state.ready` becomes `False`
async def leave(state, pause, connections):
    await pause()
    state.ready = False
    state.closing = True
    for ws in connections:
        await ws.close(1001)


# %% wrong: no pause
# breaks: Then it awaits `pause()`, once
async def leave(state, pause, connections):
    state.ready = False
    state.closing = True
    for ws in connections:
        await ws.close(1001)


# %% wrong: new clients are refused at once
# breaks: during which new clients are still welcome
async def leave(state, pause, connections):
    state.ready = False
    state.closing = True
    await pause()
    for ws in connections:
        await ws.close(1001)


# %% wrong: the first one is sent away too early
# breaks: and no connection is closed
async def leave(state, pause, connections):
    state.ready = False
    await connections[0].close(1001)
    await pause()
    state.closing = True
    for ws in connections[1:]:
        await ws.close(1001)


# %% wrong: new clients come in during the goodbyes
# breaks: Then `state.closing` becomes `True`
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    for ws in connections:
        await ws.close(1001)
    state.closing = True


# %% wrong: the usual code
# breaks: last, all connections are closed with 1001
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    for ws in connections:
        await ws.close()


# %% wrong: one is forgotten
# breaks: last, all connections are closed with 1001
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    for ws in connections[1:]:
        await ws.close(1001)


# %% wrong: who came during the pause is forgotten
# breaks: last, all connections are closed with 1001
async def leave(state, pause, connections):
    everybody = list(connections)
    state.ready = False
    await pause()
    state.closing = True
    await asyncio.gather(*(ws.close(1001) for ws in everybody))


# %% wrong: the goodbyes are not awaited
# breaks: last, all connections are closed with 1001
tasks = []


async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    tasks.extend(asyncio.create_task(ws.close(1001)) for ws in connections)
    await asyncio.sleep(0)


# %% right: while loop over a copy
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    todo = list(connections)
    while todo:
        await todo.pop().close(1001)


# %% wrong: 1 for true
# breaks: Then `state.closing` becomes `True`
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = 1
    await asyncio.gather(*[ws.close(1001) for ws in list(connections)])


# %% wrong: None for false
# breaks: First `state.ready` becomes `False`
async def leave(state, pause, connections):
    state.ready = None
    await pause()
    state.closing = True
    await asyncio.gather(*[ws.close(1001) for ws in list(connections)])


# %% wrong: ready again at the end
# breaks: First `state.ready` becomes `False`
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    await asyncio.gather(*[ws.close(1001) for ws in list(connections)])
    state.ready = True


# %% wrong: closing set by a text
# breaks: Then `state.closing` becomes `True`
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = "yes"
    await asyncio.gather(*[ws.close(1001) for ws in list(connections)])
