"""A client of ours, which talks to a learner's server and says what it misses."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from wslab._clock import monotonic
from wslab.wire import HandlerError

from .advice import meaning
from .finding import Finding, held_up, show
from .limits import REPLY_TIMEOUT, note_in_vain, patience

if TYPE_CHECKING:
    from .server import Server

__all__ = ["Client"]


def _same_json(got: Any, expected: Any) -> bool:
    """Return whether two JSON values are equal; Python takes true for 1, and JSON does not."""
    if isinstance(got, bool) != isinstance(expected, bool):
        return False
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            _same_json(got[key], expected[key]) for key in expected
        )
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(_same_json, got, expected))
    return bool(got == expected)


class Client:
    """A client of ours: what it expects and does not get becomes a :class:`Finding`."""

    def __init__(self, ws: ClientConnection, server: Server, number: int) -> None:
        self.ws = ws
        self._server = server
        self._transcript = server.background.transcript
        self.number = number
        self._sent: list[str] = []

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        self._sent.append(show(message))
        try:
            self.ws.send(message)
        except ConnectionClosed as exc:  # what is received next tells why
            if isinstance(exc.__cause__, TimeoutError):
                problem = f"the server read nothing for {REPLY_TIMEOUT:g} s"
                raise self.finding(problem, "it goes on reading") from None

    def barrier(self) -> None:
        """Wait until the server has read what was sent, by a ping: the handler has begun then."""
        with contextlib.suppress(ConnectionClosed):
            seconds = patience()
            if not self.ws.ping().wait(seconds):
                note_in_vain(seconds)

    def close(self) -> None:
        """Close the connection with code 1000."""
        self.ws.close()

    def vanish(self) -> None:
        """End the TCP connection without a closing handshake."""
        with contextlib.suppress(OSError):
            self.ws.socket.shutdown(socket.SHUT_RDWR)

    def recv(self, timeout: float | None = None) -> str | bytes:
        """
        Return the next message, as ``ws.recv()`` does, for rules that judge something else.

        Args:
            timeout: Seconds to wait, as long as patience has it without it.

        Raises:
            TimeoutError: None came.
            ConnectionClosed: None will come.
        """
        seconds = patience() if timeout is None else timeout
        try:
            return self.ws.recv(timeout=seconds)
        except TimeoutError:
            if timeout is None:
                note_in_vain(seconds)
            raise

    def receive(self, expected: str, problem: str = "") -> str | bytes:
        """
        Return the next message.

        Args:
            expected: What it should be; a finding says so.
            problem: What is said first if none comes.
        """
        said = f"{problem}: " if problem else ""
        seconds = patience()
        try:
            return self.recv()
        except TimeoutError:
            if self._server.is_held_up():
                raise held_up() from None
            silence = f"{said}no message came within {seconds:g} s"
            raise self.finding(silence, expected, "nothing") from None
        except ConnectionClosed as exc:
            raise self.finding(
                f"{said}the connection was closed", expected, self.why(exc)
            ) from None

    def expect(self, message: str | bytes, problem: str) -> None:
        """Expect exactly this message next; ``problem`` is said if it is another."""
        got = self.receive(show(message), problem)
        if got != message:
            raise self.finding(problem, show(message), show(got))

    def expect_json(self, value: Any, problem: str) -> None:
        """Expect a text message with this value as JSON, however it is spaced and ordered."""
        expected = f"JSON text: {json.dumps(value)}"
        got = self.receive(expected, problem)
        try:
            right = isinstance(got, str) and _same_json(json.loads(got), value)
        except (ValueError, RecursionError):
            right = False
        if not right:
            raise self.finding(problem, expected, show(got))

    def receive_text(self, expected: str, problem: str = "") -> str:
        """Return the next message, which must be text."""
        got = self.receive(expected, problem)
        if isinstance(got, bytes):
            problem = "a binary message came where text is due; a str goes out as text"
            raise self.finding(problem, expected, show(got))
        return got

    def expect_text(self, text: str, problem: str) -> None:
        """Expect exactly this text next; ``problem`` is said if it is another."""
        got = self.receive_text(show(text), problem)
        if got != text:
            raise self.finding(problem, show(text), show(got))

    def receive_json(self, expected: str, problem: str = "") -> Any:
        """Return the value of the next message, which must be JSON text."""
        got = self.receive_text(expected, problem)
        try:
            return json.loads(got)
        except (ValueError, RecursionError):
            raise self.finding("what came is not JSON", expected, show(got)) from None

    def expect_silence(self, problem: str, seconds: float = 0.2) -> None:
        """Expect that no message comes for a while."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            got = self.ws.recv(timeout=seconds)
            raise self.finding(problem, "no message", show(got))

    def expect_close(self, code: int, problem: str) -> None:
        """Expect that the connection is closed with this code, with no message before."""
        expected = f"the connection closed with code {code}"
        try:
            got = show(self.recv())
        except TimeoutError:
            got = "an open connection"
        except ConnectionClosed as exc:
            if self.ws.close_code == code:
                return
            got = self.why(exc)
        raise self.finding(problem, expected, got)

    def hear_to_the_end(
        self, most: int = 3, timeout: float | None = None
    ) -> tuple[list[str | bytes], str]:
        """
        Return what comes before the CLOSE, and how the connection ends, in words.

        Its code is ``ws.close_code`` then, None if there was no CLOSE.

        Args:
            most: How many messages may come at most; nobody waits for a CLOSE after them.
            timeout: Seconds to wait in all at most; patience has an end, too.
        """
        messages: list[str | bytes] = []
        seconds = patience() if timeout is None else min(timeout, patience())
        deadline = monotonic() + seconds
        try:
            while len(messages) < most:
                messages.append(self.ws.recv(timeout=max(0.0, deadline - monotonic())))
        except TimeoutError:
            note_in_vain(seconds)
        except ConnectionClosed as exc:
            return messages, self.why(exc)
        return messages, f"{show(messages)}, and no CLOSE" if messages else "no CLOSE"

    def finding(self, problem: str, expected: str, got: str | None = None) -> Finding:
        """Make a finding with what was sent and what crossed the wire."""
        return Finding(
            problem,
            sent=", ".join(self._sent[-5:]) or "nothing",
            expected=expected,
            got=got,
            records=self._transcript.filter(connection=self.number)[-12:],
        )

    def wait_closed(self) -> None:
        """Read until the connection is closed, whatever comes."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while True:
                self.recv()

    def why(self, exc: ConnectionClosed) -> str:
        """Say how the connection ended, and what the handler raised, if it did."""
        return self.why_closed(str(exc))

    def why_closed(self, end: str) -> str:
        """The same; how it ended is given."""
        for record in self._transcript.filter(connection=self.number):
            if isinstance(record, HandlerError):
                error = f"{record.type}: {record.message}{meaning(record.type, record.message)}"
                return f"{end}; the handler raised {error}"
        return end
