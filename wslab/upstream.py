"""The server behind a tap: its address, the way there, and what fails on the way."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from .relay import End

__all__ = ["Changes", "Upstream"]

Changes: TypeAlias = tuple[tuple[str, str, str], ...]

DEFAULT_PORTS: Final = {"ws": 80, "http": 80, "wss": 443, "https": 443}

_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]*)?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Upstream:
    """
    A server, made by :meth:`parse`.

    Attributes:
        parts: Its address.
        host: Name or address of the machine.
        port: TCP port.
        tls: How it is verified; ``None`` where there is no TLS.

    >>> server = Upstream.parse("https://example.com/chat", None)
    >>> server.host, server.port, server.origin, server.scheme_here
    ('example.com', 443, 'https://example.com', 'http')
    """

    parts: SplitResult
    host: str
    port: int
    tls: ssl.SSLContext | None

    @classmethod
    def parse(cls, url: str, tls: ssl.SSLContext | None) -> Upstream:
        """
        Read an address.

        Args:
            url: ``ws://``, ``wss://``, ``http://`` or ``https://``.
            tls: How to verify the server; for ``wss://`` and ``https://`` only. By default it is
                what Python's :func:`ssl.create_default_context` does.

        Raises:
            ValueError: It is no such address, or needs no ``tls``.
        """
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError(
                f"expected the address of a server, such as ws://127.0.0.1:8765 or "
                f"https://example.com, not {url!r}"
            )
        secure = parts.scheme in ("wss", "https")
        if tls is not None and not secure:
            raise ValueError(f"ssl= is for wss:// and https:// only, not for {url!r}")
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        if secure and tls is None:
            tls = ssl.create_default_context()
        return cls(parts, parts.hostname, port, tls)

    @property
    def authority(self) -> str:
        """Host and port, as in the header ``Host``: without the port that is the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.parts.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Origin of the server's own pages (RFC 6454)."""
        return f"{'https' if self.tls else 'http'}://{self.authority}"

    @property
    def scheme_here(self) -> str:
        """Scheme of the same address at the tap, which is reached without TLS."""
        return "ws" if self.parts.scheme in ("ws", "wss") else "http"

    def is_here(self, port: int) -> bool:
        """Whether this is the address of a port of 127.0.0.1."""
        return port == self.port and self.host in ("127.0.0.1", "localhost")

    def readdress(self, head: bytes, port: int) -> tuple[bytes, Changes]:
        """
        Make a request that was sent to a tap one that is sent to the server.

        Host becomes the server's where it was a name of this machine. One that names another
        machine stays: by that, servers tell pages that pretend to be theirs (DNS rebinding).
        Origin becomes the server's where it was the tap's own.

        Args:
            head: Start line and headers.
            port: The port of the tap.

        Returns:
            The head, and for each header that was changed its name, old and new value.
        """
        changes: list[tuple[str, str, str]] = []
        lines = head.split(b"\r\n")
        own = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
        for number, line in enumerate(lines[1:-2], 1):
            name, _, value = line.decode("iso-8859-1").partition(":")
            value = value.strip(" \t")
            if name.lower() == "host" and _LOOPBACK.fullmatch(value):
                new = self.authority
            elif name.lower() == "origin" and value.lower() in own:
                new = self.origin
            else:
                continue
            if new != value:
                lines[number] = f"{name}: {new}".encode("iso-8859-1")
                changes.append((name, value, new))
        return b"\r\n".join(lines), tuple(changes)

    async def connect(self, make: Callable[[], End]) -> None:
        """
        Open a connection to the server, with TLS where its address says so.

        Args:
            make: Makes the protocol of the connection.

        Raises:
            OSError: It failed; :func:`explain` says why.
        """
        options: dict[str, Any] = {}
        if self.tls is not None:
            options = {"ssl": self.tls, "server_hostname": self.host}
        failure: OSError = ConnectionRefusedError()
        for address in await _resolve(self.host, self.port):
            try:
                await asyncio.get_running_loop().create_connection(
                    make, address, self.port, **options
                )
                return
            except ssl.SSLError:
                raise
            except OSError as exc:
                failure = exc
        raise failure

    def explain(self, exc: OSError) -> str:
        """Say why :meth:`connect` failed, and what to do; the same in every run."""
        match exc:
            case ssl.SSLCertVerificationError():
                return (
                    f"the certificate of the server is not trusted: {exc.verify_message}; give "
                    "tap() an ssl= context that knows who has signed it"
                )
            case ssl.SSLError():
                reason = getattr(exc, "reason", None) or exc  # those of OpenSSL have one
                return (
                    f"the TLS handshake with the server failed: {reason}; is the address one for "
                    "ws:// or http://?"
                )
            case ConnectionRefusedError():
                return "nobody listens at the address of the server: it refused the connection"
            case socket.gaierror():
                return f"there is no machine of the name {self.host!r}"
        what = "TLS handshake" if self.tls else "connection"
        return f"the {what} with the server failed: {exc.strerror or type(exc).__name__}"


async def _resolve(host: str, port: int) -> list[str]:
    """
    Return the addresses of a machine.

    Not by ``loop.getaddrinfo()``: its threads would have to be waited for at the end of the
    process, as long as a name server takes to answer.
    """
    if host == "localhost":  # RFC 6761 §6.3: no name server has to be asked
        return ["127.0.0.1", "::1"]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Any]] = loop.create_future()

    def tell(result: list[Any] | None, exc: Exception | None) -> None:
        if not found.done():
            found.set_exception(exc) if exc else found.set_result(result or [])

    def ask() -> None:
        result, failure = None, None
        try:
            result = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as exc:
            failure = exc
        except UnicodeError:  # such as a label of over 63 characters
            failure = socket.gaierror(socket.EAI_NONAME, "not a host name")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=ask, name=f"wslab looks up {host}", daemon=True).start()
    return list(dict.fromkeys(str(entry[4][0]) for entry in await found))
