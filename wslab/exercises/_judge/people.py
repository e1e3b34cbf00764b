"""Some clients of a learner's server, each of which is there before the first one speaks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .answering import answering
from .client import Client
from .server import Server

__all__ = ["people"]


@contextlib.contextmanager
def people(
    answer: Any, *paths: str, count: int = 0, small: bool = False
) -> Iterator[tuple[Server, list[Client]]]:
    """
    Let clients come; their handlers have begun when this yields.

    Args:
        answer: The learner's handler.
        paths: A client comes to each of these paths.
        count: How many more come, without a path.
        small: Whether connections hold next to nothing, see :func:`small_socket`.
    """
    with answering(answer, small=small) as server, contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(server.client(path=path)) for path in (*paths, *[""] * count)
        ]
        for client in clients:
            client.barrier()
        yield server, clients
