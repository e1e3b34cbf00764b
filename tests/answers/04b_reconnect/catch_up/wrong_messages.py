"""Wrong answers to exercise 4.6, “Reconnect, and miss nothing”: what is asked for, and returned."""

import itertools
import json

from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import connect

MAY_PASS = {1001, 1006, 1011, 1012, 1013, 1014, 429, 500, 502, 503, 504}


def how_it_ended(error):
    """The code of the CLOSE that came, or was sent, or 1006; the status; None will not pass."""
    if isinstance(error, ConnectionClosed):
        close = error.rcvd or error.sent
        return close.code if close else 1006
    if isinstance(error, InvalidStatus):
        return error.response.status_code
    return 1006 if isinstance(error, OSError | InvalidMessage) else None


def receive(url, first, messages):
    """Put what one connection brings into a list; return how it ended."""
    try:
        with connect(url, open_timeout=5) as ws:
            ws.send(json.dumps(first))
            while True:
                messages.append(json.loads(ws.recv(timeout=5)))
    except (OSError, WebSocketException) as error:
        return how_it_ended(error)


def last(messages):
    return messages[-1]["number"] if messages else 0


def texts_of(messages):
    return [message["text"] for message in messages]


# %% wrong: N is how many messages have come
# breaks: N is the `number` of the last message it has, 0 at first
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": len(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: N is the number that comes next
# breaks: N is the `number` of the last message it has, 0 at first
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages) + bool(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: it asks for everything each time, and sorts it out
# breaks: N is the `number` of the last message it has, 0 at first
def catch_up(url, delays, pause):
    messages, failures = {}, 0
    while True:
        new = []
        end = receive(url, {"after": 0}, new)
        messages |= {message["number"]: message["text"] for message in new}
        failures = 0 if new else failures
        if end not in MAY_PASS or failures == len(delays):
            return list(messages.values()), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: nothing is asked for before a message has come
# breaks: begins each connection with `{"after": N}`
# finding: connection 1 began with something else
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)} if messages else {}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: N is a text
# breaks first: begins each connection with `{"after": N}`
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": str(last(messages))}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: a dict is no message
# breaks first: begins each connection with `{"after": N}`
# finding: raised TypeError (send() was given a dict
def catch_up(url, delays, pause):
    with connect(url) as ws:
        ws.send({"after": 0})
        return [json.loads(message)["text"] for message in ws], True


# %% wrong: equal texts are one
# breaks: the texts in their order, none twice
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return list(dict.fromkeys(texts_of(messages))), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: an empty text is none
# breaks: the texts in their order, none twice
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return [text for text in texts_of(messages) if text] or [""], end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: the texts of the last connection only
# breaks first: the texts in their order, none twice
def catch_up(url, delays, pause):
    after, failures = 0, 0
    while True:
        messages = []
        end = receive(url, {"after": after}, messages)
        after, failures = (last(messages), 0) if messages else (after, failures)
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: the messages instead of their texts
# breaks: the texts in their order, none twice
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return messages, end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: complete if anything has come
# breaks: `True` for 1000 or `False` for giving up
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), bool(messages)
        pause(delays[failures])
        failures += 1


# %% wrong: after 1000 it looks once more
# breaks: `True` for 1000 or `False` for giving up
# finding: it connected again
def catch_up(url, delays, pause):
    messages, failures, ends = [], 0, 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        ends += end == 1000
        if ends and (end != 1000 or not had):
            return texts_of(messages), True
        if end not in {*MAY_PASS, 1000} or failures == len(delays):
            return texts_of(messages), False
        if end != 1000:
            pause(delays[failures])
            failures += 1


# %% wrong: only the texts are returned
# breaks: Return `(texts, complete)`
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages)
        pause(delays[failures])
        failures += 1


# %% wrong: whoever gives up returns nothing
# breaks: Return `(texts, complete)`
# finding: it returned nothing
def catch_up(url, delays, pause):
    messages = []
    failures = itertools.count()
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else itertools.count()
        if end == 1000:
            return texts_of(messages), True
        number = next(failures)
        if end not in MAY_PASS or number == len(delays):
            return None
        pause(delays[number])
