"""Tests of wslab.upstream: the address of a server, the way there, and what fails on the way."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any

import pytest

import wslab
from wslab.upstream import Upstream

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")


@pytest.mark.parametrize(
    ("url", "authority", "origin"),
    [
        ("ws://127.0.0.1:8080/chat", "127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("ws://example.com", "example.com", "http://example.com"),
        ("http://example.com:80/", "example.com", "http://example.com"),
        ("wss://user:secret@Example.com", "example.com", "https://example.com"),
        ("https://example.com:8443", "example.com:8443", "https://example.com:8443"),
        ("ws://[::1]:9", "[::1]:9", "http://[::1]:9"),
    ],
)
def test_addresses(url: str, authority: str, origin: str) -> None:
    """Host and Origin are as a browser writes them: without the default port or a password."""
    server = Upstream.parse(url, None)
    assert (server.authority, server.origin) == (authority, origin)
    assert (server.tls is not None) is url.startswith(("wss", "https"))


def test_only_what_names_the_tap_is_changed() -> None:
    """Other headers stay byte for byte, whatever is in them."""
    server = Upstream.parse("ws://example.com:8080", None)
    head = b"GET / HTTP/1.1\r\nhost:LOCALHOST:5\r\nX: \xff host: localhost\r\n\r\n"
    changed, changes = server.readdress(head, 5)
    assert changed == head.replace(b"host:LOCALHOST:5", b"host: example.com:8080")
    assert changes == (("host", "LOCALHOST:5", "example.com:8080"),)
    assert server.readdress(b"GET / HTTP/1.1\r\n\r\n", 5) == (b"GET / HTTP/1.1\r\n\r\n", ())


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ConnectionRefusedError(111, "x"), "nobody listens at the address of the server"),
        (socket.gaierror(-2, "x"), "there is no machine of the name '127.0.0.1'"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x"), "the TLS handshake with the server"),
        (OSError(113, "No route to host"), "the connection with the server failed: No route"),
        (ConnectionResetError(), "the connection with the server failed: ConnectionResetError"),
    ],
)
def test_what_failed(failure: OSError, words: str) -> None:
    """A sentence without ports or numbers, the same in every run."""
    assert Upstream.parse("ws://127.0.0.1:1", None).explain(failure).startswith(words)


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gets RST, the record says which name it was."""

    def fail(*args: Any, **options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with wslab.tap("ws://server.example") as tap:
        monkeypatch.setattr(socket, "getaddrinfo", fail)
        with socket.socket() as sock:
            sock.connect(("127.0.0.1", tap.port))
            lost = tap.transcript.wait(kind="lost")
    assert lost.problem == "there is no machine of the name 'server.example'"


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping the tap does not wait for it."""
    asked, answer = threading.Event(), threading.Event()

    def wait(*args: Any, **options: Any) -> list[Any]:
        asked.set()
        answer.wait(10)
        return []

    try:
        with wslab.tap("ws://server.example") as tap, socket.socket() as sock:
            monkeypatch.setattr(socket, "getaddrinfo", wait)
            sock.connect(("127.0.0.1", tap.port))
            assert asked.wait(5)
            began = time.monotonic()
            tap.stop()
            assert time.monotonic() - began < 5
    finally:
        answer.set()
