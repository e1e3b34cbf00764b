"""People who use the learner's chat."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

from wslab.exercises._judge import Client, Server, during, show

from ._shared import is_error, json_text, matches

__all__ = ["Chat", "Person"]


class Person:
    """
    A client of the chat.

    Args:
        chat: Where it is.
        client: Its connection.
        name: The name it has or will ask for.
    """

    def __init__(self, chat: Chat, client: Client, name: str) -> None:
        self._chat = chat
        self.client = client
        self.name = name

    def send(self, **message: Any) -> None:
        self.client.send(json.dumps(message))

    def receive(self, wanted: str, problem: str) -> Any:
        """Return the value of a JSON message or the bytes of a binary one."""
        for _ in range(100):  # at most, in case of a flood
            got = self.client.receive(wanted, problem)
            if isinstance(got, bytes):
                return got
            try:
                value = json.loads(got)
            except (ValueError, RecursionError):
                raise self.client.finding("what came is not JSON", wanted, show(got)) from None
            if not self._is_old_news(value):
                return value
        raise self.client.finding("'left' comes again and again", wanted, show(got))

    def _is_old_news(self, value: Any) -> bool:
        """Return whether it is about somebody of an earlier scene, who has not quite left."""
        return (
            isinstance(value, dict)
            and value.get("type") == "left"
            and value.get("name") in self._chat.gone
        )

    def expect(self, problem: str, **wanted: Any) -> None:
        got = self.receive(json_text(wanted), problem)
        if isinstance(got, bytes) or not matches(got, wanted):
            raise self.client.finding(problem, json_text(wanted), show(got))

    def expect_error(self, problem: str) -> None:
        wanted = 'JSON text: {"type": "error", "message": "…"}'
        got = self.receive(wanted, problem)
        if not is_error(got):
            raise self.client.finding(problem, wanted, show(got))

    def refused(self, message: str | bytes, what: str) -> None:
        """Send what deserves an error."""
        self.client.send(message)
        self.expect_error(f"{what} should get an error, and the connection stay open")

    def expect_welcome(self) -> list[Any]:
        """Return the history."""
        problem = "who joins should first get a welcome, with the history as a list"
        wanted = 'JSON text: {"type": "welcome", "history": […]}'
        got = self.receive(wanted, problem)
        if not matches(got, {"type": "welcome"}) or not isinstance(got.get("history"), list):
            raise self.client.finding(problem, wanted, show(got))
        history: list[Any] = got["history"]
        return history


class Chat:
    """Scenes in the learner's chat; each has people of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.gone: set[str] = set()
        self.people: list[Person] = []  # who have joined

    @contextlib.contextmanager
    def scene(self, when: str) -> Iterator[contextlib.ExitStack]:
        """Play a scene; everybody leaves at the end of it."""
        with during(when), contextlib.ExitStack() as clients:
            try:
                yield clients
            finally:
                self.gone.update(person.name for person in self.people)
                self.people = []

    def connect(self, clients: contextlib.ExitStack, name: str) -> Person:
        """Connect a client that has not joined."""
        unique = f"{name} {secrets.token_hex(3)}"
        return Person(self, clients.enter_context(self.server.client()), unique)

    def join(self, person: Person) -> list[Any]:
        """Let a client join, and everybody hear it; return the history it gets."""
        person.send(type="join", name=person.name)
        history = person.expect_welcome()
        self.people.append(person)
        self.everybody_hears("everybody should be told who has joined", person, type="joined")
        return history

    def enter(self, clients: contextlib.ExitStack, name: str) -> Person:
        """Connect and join."""
        person = self.connect(clients, name)
        self.join(person)
        return person

    def everybody_hears(self, problem: str, subject: Person, **wanted: Any) -> None:
        for person in self.people:
            mine = " (the client itself, too)" if person is subject and "every" in problem else ""
            person.expect(f"{problem}{mine}", name=subject.name, **wanted)

    def say(self, speaker: Person, text: str, problem: str = "") -> None:
        """Let somebody say something, and everybody hear that next."""
        speaker.send(type="say", text=text)
        problem = problem or "what somebody says should be sent to everybody"
        self.everybody_hears(problem, speaker, type="said", text=text)

    def attach(self, sender: Person, data: bytes) -> None:
        """Let somebody send an attachment, and everybody get it."""
        filename = f"{secrets.token_hex(3)}.bin"
        sender.send(type="attach", filename=filename, size=len(data))
        sender.client.send(data)
        self.everybody_gets(sender, filename, data)

    def everybody_gets(self, sender: Person, filename: str, data: bytes) -> None:
        problem = "everybody should get 'attached' and next, in a binary message, the bytes"
        for person in self.people:
            person.expect(
                problem, type="attached", name=sender.name, filename=filename, size=len(data)
            )
            wanted = f"a binary message of {len(data):,} bytes"
            got = person.client.receive(wanted, problem)  # it must be the next message
            if got != data:
                raise person.client.finding(problem, wanted, show(got))

    def leaves(self, person: Person, how: str) -> None:
        """Expect that everybody else is told."""
        self.people.remove(person)
        for other in self.people:
            problem = f"who {how} should be reported to the others with 'left'"
            other.expect(problem, type="left", name=person.name)
