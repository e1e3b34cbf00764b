"""
Which of the pages that show a console acts: one notebook may be open in several tabs.

What the kernel sends by a notebook's channel reaches every page that shows it. So each page has a
name, one of them acts, and the others look on: they are shown what the first one says. If the one
that acts is gone, another one takes its place.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Pages"]


class Tell(Protocol):
    """Sends a message to all pages, with bytes beside it."""

    def __call__(self, content: dict[str, Any], buffers: list[bytes] | None = None, /) -> None: ...


class Pages:
    """
    The pages that show a console.

    Args:
        tell: Sends a message to all of them.
        settings: What each page has to know, with a message ``"configure"``.
        session: The Jupyter session whose cell made the console. Its page acts if it is there: the
            console is in its output, and in none of the other tabs.

    Attributes:
        actor: Name of the page that acts; None if there is no page.
        ever: Whether there was one at any time.
        answered: How often the one that acts has said that it is there.
    """

    def __init__(self, tell: Tell, settings: dict[str, Any], session: str | None = None) -> None:
        self._tell = tell
        self._settings = settings
        self._session = session
        self._lock = threading.Lock()  # each page's messages come on a thread of their own
        self._onlookers: set[str] = set()
        self.actor: str | None = None
        self.ever = False
        self.answered = 0

    @property
    def watched(self) -> bool:
        """Whether a page looks on."""
        return bool(self._onlookers)

    def receive(
        self,
        content: Mapping[str, Any],
        buffers: Sequence[memoryview],
        session: str | None = None,
    ) -> None:
        """
        Do what follows from what a page says; what is not understood is ignored.

        Args:
            content: The message.
            buffers: Bytes beside it.
            session: The Jupyter session that it comes from, if that is known.
        """
        match content:
            case {"kind": "ready", "page": str(page)}:
                self._welcome(page, session)
            case {"kind": "take", "page": str(page), "instead_of": instead_of}:
                self._replace(instead_of, page)
            case {"kind": "looking", "page": str(page)} if page != self.actor:
                self._onlookers.add(page)
                self._tell({"do": "watched", "to": self.actor})
            case {"kind": "gone", "page": str(page)}:
                self.leave(page)
            case {"kind": "here", "page": str(page), "state": str(state)} if page == self.actor:
                self.answered += 1
                first = "to" in content  # and all that happened so far follows
                self._show({"do": "alive", "state": state, "first": first}, content)
            case {"kind": "entry", "page": str(page), "entry": entry} if page == self.actor:
                if self.watched:
                    data = [bytes(buffer) for buffer in buffers]
                    self._show({"do": "show", "entry": entry}, content, data)

    def leave(self, page: str) -> None:
        """A page is gone, or does not answer: if it was the one that acts, another one may."""
        with self._lock:
            self._onlookers.discard(page)
            if page != self.actor:
                return
            self.actor = None
        self._tell({"do": "vacant"})

    def _welcome(self, page: str, session: str | None) -> None:
        with self._lock:
            again = self.ever
            made_elsewhere = (
                not again and None not in (session, self._session) and (session != self._session)
            )
            if self.actor is None and not made_elsewhere:
                self.actor, self.ever = page, True
            else:
                self._onlookers.add(page)
        self._configure(again, page)

    def _replace(self, instead_of: str | None, page: str) -> None:
        with self._lock:
            if self.actor != instead_of:
                return  # another one was quicker
            self._onlookers.discard(page)  # the other one says itself whether it looks on
            again = self.ever
            self.actor, self.ever = page, True
        self._configure(again)

    def _configure(self, again: bool, newcomer: str | None = None) -> None:
        message = {"do": "configure", **self._settings, "again": again, "actor": self.actor}
        self._tell(message | ({"newcomer": newcomer} if newcomer else {}))

    def _show(
        self,
        message: dict[str, Any],
        said: Mapping[str, Any],
        buffers: list[bytes] | None = None,
    ) -> None:
        """Pass on what the page that acts has said, to all others or to one."""
        to = {"to": said["to"]} if "to" in said else {}
        self._tell({**message, **to, "actor": self.actor}, buffers)
