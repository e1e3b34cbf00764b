"""A server of ours that answers questions, for clients that match answers to requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection

from .finding import show
from .limits import note_in_vain, patience
from .playing import Play, play

__all__ = ["Oracle"]


class Oracle:
    """
    A server that answers questions with their own words in capitals and their position.

    Args:
        questions: What it will be asked.
        order: In which order it answers when it has them all; without it, each at once.
        push: Whether it sends pushes in between.

    Attributes:
        messages: What it got, in the order in which it came.
        requests: What of it has an id and a question, as JSON.
        connections: How many clients came.
        missing: Whether it waited in vain for a message.
        answers: For each question, what it answers.
        errors: What it sends instead of an answer, by the position of the question.
    """

    def __init__(
        self, questions: Sequence[str], *, order: Sequence[int] | None = None, push: bool = False
    ) -> None:
        self.questions = questions
        self.order = order
        self.push = push
        self.messages: list[str | bytes] = []
        self.requests: list[Any] = []
        self.connections = 0
        self.missing = False
        self.answers: list[Any] = [f"{each.upper()} ({n})" for n, each in enumerate(questions)]
        self.errors: dict[int, str] = {}
        self._patience = patience()

    async def __call__(self, ws: ServerConnection) -> None:
        """Answer one client."""
        self.connections += 1
        await self._push(ws, "welcome")
        while (asked := len(self.requests)) < len(self.questions):
            try:
                async with asyncio.timeout(self._patience):
                    self._hear(await ws.recv())
            except TimeoutError:
                self.missing = True
                return
            if len(self.requests) > asked and self.order is None:
                await self._answer(ws, asked)
        for number in self.order or ():
            await self._push(ws, f"news {number}")
            await self._answer(ws, number)
        await self._push(ws, "goodbye")
        async for message in ws:
            self._hear(message)

    def _hear(self, message: str | bytes) -> None:
        self.messages.append(message)
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(message)
            if isinstance(value, dict) and {"id", "question"} <= value.keys():
                self.requests.append(value)

    async def _answer(self, ws: ServerConnection, number: int) -> None:
        id = self.requests[number]["id"]
        reply = {"answer": self.answers[number]}
        if number in self.errors:
            reply = {"error": self.errors[number]}
        await ws.send(json.dumps({"id": id, **reply}))

    async def _push(self, ws: ServerConnection, news: str) -> None:
        if self.push:
            await ws.send(json.dumps({"push": news}))

    def meet(self, answer: Any) -> Play:
        """Let the learner's client ask."""
        played = play(answer, self, list(self.questions))
        if self.missing:
            note_in_vain(self._patience)
        return played

    def got(self) -> str:
        """What it got, in words."""
        return show(self.messages) if self.messages else "nothing"
