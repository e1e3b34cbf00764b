"""Answers to exercise 11.4, “Through a restart”."""

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect as connect_sync


# %% right: async
async def follow(url, count):
    last, numbers = 0, []
    while True:
        try:
            async with connect(f"{url}/?after={last}" if last else url) as ws:
                async for message in ws:
                    if int(message) > last:
                        last = int(message)
                        numbers.append(last)
                    if len(numbers) >= count:
                        return numbers[:count]
        except Exception as error:
            print("again after", error)


# %% right: recv
def follow(url, count):
    numbers = {}
    while len(numbers) < count:
        path = f"/?after={max(numbers)}" if numbers else "/"
        try:
            with connect_sync(url + path) as ws:
                while len(numbers) < count:
                    numbers[int(ws.recv(timeout=2))] = True
        except (ConnectionClosed, InvalidStatus):
            pass
    return sorted(numbers)


# %% right: the iterator of connect()
async def follow(url, count):
    numbers = []
    while len(numbers) < count:
        target = f"{url}/?after={numbers[-1]}" if numbers else url
        try:
            ws = await connect(target)
        except InvalidStatus:
            continue
        try:
            while len(numbers) < count:
                number = int(await ws.recv())
                if number not in numbers:
                    numbers.append(number)
        except ConnectionClosed:
            pass
        finally:
            await ws.close()
    return numbers


# %% wrong: texts
# breaks: returns the first `count` numbers, as a list of `int`
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={numbers[-1]}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    if message not in numbers:
                        numbers.append(message)
                    if len(numbers) == count:
                        return numbers
        except (ConnectionClosed, InvalidStatus):
            continue
    return numbers


# %% wrong: what came until the first end
# breaks: When the server closes the connection, it connects again
def follow(url, count):
    numbers = []
    try:
        with connect_sync(url) as ws:
            for message in ws:
                numbers.append(int(message))
                if len(numbers) == count:
                    break
    except ConnectionClosed:
        pass
    return numbers


# %% wrong: from the beginning
# breaks: with `?after=` and the last number that it has
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={len(numbers) - 1}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    if int(message) not in numbers:
                        numbers.append(int(message))
                    if len(numbers) == count:
                        return numbers
        except (ConnectionClosed, InvalidStatus):
            continue
    return numbers


# %% wrong: an error ends it
# breaks: also after a close code such as 1011
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={numbers[-1]}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    if int(message) not in numbers:
                        numbers.append(int(message))
                    if len(numbers) == count:
                        return numbers
        except (ConnectionClosedOK, InvalidStatus):
            continue
        except ConnectionClosed:
            return numbers
    return numbers


# %% wrong: refused once, it gives up
# breaks: and while it is refused with 503
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={numbers[-1]}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    if int(message) not in numbers:
                        numbers.append(int(message))
                    if len(numbers) == count:
                        return numbers
        except ConnectionClosed:
            continue
        except InvalidStatus:
            return numbers
    return numbers


# %% wrong: everything that comes
# breaks: A number that comes twice counts once
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={numbers[-1]}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    numbers.append(int(message))
                    if len(numbers) == count:
                        return numbers
        except (ConnectionClosed, InvalidStatus):
            continue
    return numbers


# %% wrong: floats
# breaks: returns the first `count` numbers, as a list of `int`
def follow(url, count):
    numbers = []
    while len(numbers) < count:
        try:
            with connect_sync(f"{url}/?after={int(numbers[-1])}" if numbers else url) as ws:
                for message in ws:
                    if float(message) not in numbers:
                        numbers.append(float(message))
                    if len(numbers) == count:
                        break
        except (ConnectionClosed, InvalidStatus):
            pass
    return numbers
