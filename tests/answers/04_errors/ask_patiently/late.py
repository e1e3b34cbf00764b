"""Answers to exercise 4.5, “Slow, or dead?”, which wait for longer than they must."""

import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class Ask:
    def __init__(self, url, question, timeout):
        self.url, self.question, self.timeout = url, question, timeout

    def answer(self, ws):
        return ws.recv(timeout=self.timeout)

    def has_pong(self, ws):
        return ws.ping().wait(self.timeout)

    def run(self):
        limits = {"open_timeout": 5, "ping_interval": None, "close_timeout": 0.3}
        with connect(self.url, **limits) as ws:
            try:
                ws.send(self.question)
                try:
                    return self.answer(ws)
                except TimeoutError:
                    return "slow" if self.has_pong(ws) else "dead"
            except ConnectionClosed:
                return "dead"


# %% right: a class
def ask_patiently(url, question, timeout):
    return Ask(url, question, timeout).run()


# %% wrong: it sleeps, then it looks for the answer
# breaks: It waits no longer than it must
class Sleeper(Ask):
    def answer(self, ws):
        time.sleep(self.timeout)
        return ws.recv(timeout=0.01)


def ask_patiently(url, question, timeout):
    return Sleeper(url, question, timeout).run()


# %% wrong: it sleeps, then it looks for the PONG
# breaks: It waits no longer than it must
class Sleeper(Ask):
    def has_pong(self, ws):
        pong = ws.ping()
        time.sleep(self.timeout)
        return pong.is_set()


def ask_patiently(url, question, timeout):
    return Sleeper(url, question, timeout).run()


# %% wrong: a third of the time for the PONG
# breaks: returns `"slow"` if the PONG comes within `timeout` seconds
class Impatient(Ask):
    def has_pong(self, ws):
        return ws.ping().wait(self.timeout / 3)


def ask_patiently(url, question, timeout):
    return Impatient(url, question, timeout).run()


# %% wrong: a PING with the question, to be sure
# breaks: If not, it sends a PING
class Hasty(Ask):
    def answer(self, ws):
        self.pong = ws.ping()
        return super().answer(ws)


def ask_patiently(url, question, timeout):
    return Hasty(url, question, timeout).run()
