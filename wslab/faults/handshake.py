"""A handshake that goes wrong: options of :func:`wslab.serve`."""

from __future__ import annotations

import http
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

__all__ = ["ProcessRequest", "no_answer", "redirect", "refuse", "wrong_accept"]

ProcessRequest: TypeAlias = Callable[[ServerConnection, Request], Response]

ACCEPT: Final = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of the example in RFC 6455 §1.3

# What belongs to a status: RFC 9110 §15.5.2, §15.5.6, §15.5.22, §7.8, §10.2.3; RFC 6455 §4.4.
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": 'Basic realm="wslab", charset="UTF-8"'},
    405: {"Allow": "GET"},
    426: {"Connection": "close, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


def refuse(status: int, text: str = "", headers: Mapping[str, str] | None = None) -> ProcessRequest:
    """
    Make a ``process_request`` that refuses the handshake, as servers may (RFC 6455 §4.2.2).

    Client: ``InvalidStatus``, server rejected WebSocket connection: HTTP …, with a ``response``

    Args:
        status: Status code, such as 401, 403, 404, 426 or 503; what HTTP asks for beside it comes
            with it.
        text: Body of the response.
        headers: More headers, or other values.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo, process_request=refuse(503)) as server:
    ...     wslab.talk(server.url)
    Traceback (most recent call last):
        ...
    websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP 503
    """
    if http.HTTPStatus(status) < 200:
        raise ValueError(f"{status} does not end a handshake; take a status from 200 on")

    def process_request(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, text)
        for name, value in {**_HEADERS.get(status, {}), **(headers or {})}.items():
            _set_header(response, name, value)
        return response

    return process_request


def redirect(location: str, status: int = 307) -> ProcessRequest:
    """
    Make a ``process_request`` that sends the client elsewhere, as servers may (RFC 6455 §4.2.2).

    Client: follows by itself. In circles, to ``"/"``: ``SecurityError``, more than 10 redirects. A
    browser does not follow.
    """
    return refuse(status, headers={"Location": location})


async def no_answer(connection: ServerConnection, request: Request) -> None:
    """
    Never answer the handshake (a ``process_request``); RFC 6455 §4.1 has no limit for the wait.

    Client: ``TimeoutError``, timed out during opening handshake; the threaded one: timed out while
    waiting for handshake response
    """
    await connection.wait_closed()


def wrong_accept(connection: ServerConnection, request: Request, response: Response) -> None:
    """
    Answer with the ``Sec-WebSocket-Accept`` of another key (a ``process_response``).

    The client must not go on (RFC 6455 §4.1). The server takes the connection for open; its handler
    finds it lost.

    Client: ``InvalidHeaderValue``, invalid Sec-WebSocket-Accept header:
    s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
    """
    _set_header(response, "Sec-WebSocket-Accept", ACCEPT)


def _set_header(response: Response, name: str, value: str) -> None:
    if name in response.headers:
        del response.headers[name]  # assigning adds a second one
    response.headers[name] = value
