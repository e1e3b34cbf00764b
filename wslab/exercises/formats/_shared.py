"""What the exercises of this folder share: JSON replies, and what they should be."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from wslab.exercises._judge import Client, Finding, Server, awkward, same, show

__all__ = [
    "AWFUL",
    "CLOSED",
    "NOT_JSON",
    "ask",
    "expect",
    "expect_text_messages",
    "identical",
    "is_closed",
    "is_error",
    "json_text",
    "matches",
    "reaction",
    "reopening",
]

CLOSED: Final = object()
"""What :func:`reaction` returns when the connection was closed."""

NOT_JSON: Final = tuple(text for what, text in awkward.NOT_JSON.items() if "nested" not in what)

AWFUL: Final = (
    "hello",
    "",
    "null",
    "0",
    "[]",
    "[1, [2]]",
    '"type"',
    "{}",
    '{"type": ["a"]}',
    '{"type": {"a": 1}}',
    '{"type": null}',
    awkward.NESTED,
    '{"type": ' * 50_000,
    '{"type": ' + "1" * 5000 + "}",
    '{"type": "\\ud800"}',
)
"""Text messages that end the connections of handlers which do not expect them."""


def identical(got: Any, wanted: Any) -> bool:
    """Return whether two JSON values are the same; ``true`` is not 1, but 1.0 is."""
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(identical(got[k], wanted[k]) for k in wanted)
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(identical, got, wanted))
    return same(got, wanted)


def matches(value: Any, wanted: dict[str, Any]) -> bool:
    """Return whether it is an object with these fields; more fields do no harm."""
    return isinstance(value, dict) and all(
        key in value and identical(value[key], wanted[key]) for key in wanted
    )


def is_error(value: Any) -> bool:
    return matches(value, {"type": "error"}) and isinstance(value.get("message"), str)


def json_text(value: Any) -> str:
    return f"JSON text: {json.dumps(value, ensure_ascii=False)}"


def ask(client: Client, message: str | bytes, expected: str, problem: str = "") -> Any:
    """
    Send a message; return the JSON value of what comes back, whichever kind of message that is.

    Args:
        client: Who sends it.
        message: What.
        expected: What should come back; a finding says so.
        problem: What a finding says first.
    """
    client.send(message)
    got = client.receive(expected, problem)
    try:
        return json.loads(got)
    except (ValueError, RecursionError):
        said = f"{problem}: " if problem else ""
        raise client.finding(f"{said}what came is not JSON", expected, show(got)) from None


def reaction(client: Client, message: str | bytes, expected: str, problem: str = "") -> Any:
    """Do the same; return :data:`CLOSED` if the connection is, for a rule of its own tells that."""
    try:
        return ask(client, message, expected, problem)
    except Finding:
        if is_closed(client):
            return CLOSED
        raise


def is_closed(client: Client) -> bool:
    return client.ws.close_code is not None


@contextlib.contextmanager
def reopening(server: Server) -> Iterator[Callable[[], Client]]:
    """Yield a function that returns a client: a new one where the last one's connection closed."""
    with contextlib.ExitStack() as stack:
        clients: list[Client] = []

        def client() -> Client:
            if not clients or is_closed(clients[-1]):
                clients.append(stack.enter_context(server.client()))
            return clients[-1]

        yield client


def expect(client: Client, message: str, wanted: dict[str, Any], problem: str) -> None:
    """Send a message; expect an object with these fields."""
    got = ask(client, message, json_text(wanted), problem)
    if not matches(got, wanted):
        raise client.finding(problem, json_text(wanted), json_text(got))


def expect_text_messages(client: Client, *messages: str) -> None:
    """Send messages; expect that the answer to each is text, whatever it says."""
    for message in messages:
        client.send(message)
        try:
            got = client.receive("a text message")
        except Finding:
            if is_closed(client):
                return  # another rule tells about that
            raise
        if isinstance(got, bytes):
            problem = "the answer came as a binary message: bytes go out as binary, a str as text"
            raise client.finding(problem, "a text message", show(got))
