"""People who use the learner's chat of exercise 5.6."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._judge import Client, Fault, Finding, Server, answering, show

from ._shared import CLOSED, is_closed, json_text, matches

__all__ = ["ERROR", "Chat", "Person", "chatting", "has_type"]

ERROR: Final = 'JSON text: {"type": "error", "message": "…"}'

_numbers = itertools.count(1)


class Person:
    """
    A client of the chat.

    Args:
        client: Its connection.
        name: The name it has or will ask for.

    Attributes:
        history: What it got with its welcome, if it got one.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.history: Any = None

    def send(self, **message: Any) -> None:
        self.client.send(json.dumps(message))

    def next(self, expected: str, problem: str = "") -> Any:
        """Return the next message: the value of JSON text, or else what came."""
        got = self.client.receive(expected, problem)
        try:
            return json.loads(got) if isinstance(got, str) else got
        except (ValueError, RecursionError):
            return got

    def hear(self, problem: str, **wanted: Any) -> tuple[list[Any], Any]:
        """
        Read until a message with these fields comes.

        Returns:
            What came before it, and the message.

        Raises:
            Finding: It does not come.
        """
        before: list[Any] = []
        while len(before) < 500:  # it may be a flood
            try:
                got = self.next(json_text(wanted), problem)
            except Fault:
                raise
            except Finding as finding:
                if before and not is_closed(self.client):
                    finding.problem += _came_as_binary(before, wanted)
                    finding.got = ", ".join(map(show, before[-5:]))
                raise
            if matches(got, wanted):
                return before, got
            before.append(got)
        raise self.client.finding(problem, json_text(wanted), show(before[-1]))

    def hears(self, **wanted: Any) -> bool:
        """Do the same where another rule tells about a message that does not come."""
        try:
            self.hear("", **wanted)
        except Fault:
            raise
        except Finding:
            return False
        return True

    def gets(self, message: Any) -> bool:
        """Return whether this is the next message; another rule tells if none comes."""
        try:
            return bool(self.next(show(message)) == message)
        except Fault:
            raise
        except Finding:
            return False

    def join(self) -> None:
        """Join, whatever the chat says to it; what it said before, another rule tells about."""
        self.client.barrier()
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while True:
                self.client.ws.recv(timeout=0)
        self.send(type="join", name=self.name)
        try:
            while not has_type(got := self.next("a welcome"), "welcome"):
                if has_type(got, "error"):
                    return
            self.history = got.get("history")
        except Fault:
            raise
        except Finding:
            return  # another rule tells about that

    def say(self, text: str) -> None:
        self.send(type="say", text=text)

    def attach(self, filename: str, data: bytes) -> None:
        self.send(type="attach", filename=filename, size=len(data))
        self.client.send(data)

    def reaction(self, message: str | bytes, what: str, *effects: str) -> Any:
        """
        Send a mistake; return the first answer to it.

        Args:
            message: What is sent.
            what: What is wrong with it, for a finding.
            effects: Types of what comes if it is taken for right. Other news are passed over.

        Returns:
            The answer, or :data:`~._shared.CLOSED` if the connection was closed.
        """
        news = {"joined", "left", "said", "welcome", "attached"} - set(effects)
        self.client.send(message)
        try:
            while True:
                got = self.next(ERROR, what)
                if isinstance(got, bytes) and "attached" not in effects and b"error" not in got:
                    continue
                if not any(has_type(got, type) for type in news):
                    return got
        except Fault:
            raise
        except Finding:
            if is_closed(self.client):
                return CLOSED
            raise

    def until_said(self, speaker: Person, text: str) -> list[Any]:
        """Return what comes before somebody says something; other rules tell if that fails."""
        try:
            return self.hear("", type="said", text=text)[0]
        except Fault:
            raise
        except Finding:
            return []


def _came_as_binary(messages: list[Any], wanted: dict[str, Any]) -> str:
    """Say that it came in a message of the wrong kind, if it did."""
    for message in messages:
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(message, bytes) and matches(json.loads(message), wanted):
                return ", but it came as a binary message: bytes go out as binary, a str as text"
    return ""


def has_type(value: Any, type: str) -> bool:
    return matches(value, {"type": type})


class Chat:
    """The learner's chat, and whoever comes to it; everybody has a name that nobody had before."""

    def __init__(self, server: Server, clients: contextlib.ExitStack) -> None:
        self.server = server
        self._clients = clients

    def guest(self, name: str = "Guest") -> Person:
        """Let somebody connect who does not join."""
        # However much it leaves unread, it can close at once.
        client = self._clients.enter_context(self.server.client(max_queue=None))
        return Person(client, self.name(name))

    def name(self, name: str) -> str:
        """Make a name of this that nobody has or had."""
        return f"{name} {next(_numbers)}"

    def enter(self, *names: str) -> list[Person]:
        """Let people connect and join, one after the other."""
        people = [self.guest(name) for name in names]
        for person in people:
            person.join()
        return people

    def close(self) -> None:
        """Let everybody leave."""
        self._clients.close()

    def fence(self, speaker: Person, *listeners: Person) -> list[list[Any]]:
        """Let somebody say something; return what each of these got before that."""
        text = f"message {next(_numbers)}"
        speaker.say(text)
        return [listener.until_said(speaker, text) for listener in listeners]


@contextlib.contextmanager
def chatting(answer: Any) -> Iterator[Chat]:
    """Run the learner's chat for a scene, at the end of which everybody leaves."""
    # Connections hold little, so that a client that does not read is noticed.
    with answering(answer, small=True) as server, contextlib.ExitStack() as clients:
        yield Chat(server, clients)
