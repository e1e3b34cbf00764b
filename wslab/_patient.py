"""A connection that is closed, and on which no handler can go round for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.server import ServerConnection

from ._stubborn import HeldUpError

__all__ = ["GOES_ROUND", "PatientConnection"]

IN_VAIN = 100
"""Calls on a closed connection, in one turn of the loop, after which a handler goes round."""

GOES_ROUND = (
    "the handler goes on for ever after its connection is closed; let it return when "
    "ConnectionClosed is raised or `async for` ends"
)


class PatientConnection(ServerConnection):
    """
    A connection that is closed, and on which no handler can go round for ever.

    A loop around ``recv()`` that catches :exc:`~websockets.exceptions.ConnectionClosed` never
    waits once the connection is closed: with bare ``websockets`` it holds up the event loop from
    then on. (So does one around ``recv_streaming()``, whose second call raises ConcurrencyError.)
    Here the handler is ended by a :exc:`HeldUpError`; if it catches that as well, it waits for
    ever.

    A mix-in for a class that an open connection gets when it is closed: until then it costs
    nothing.
    """

    _in_vain = 0
    _held_up: HeldUpError | None = None
    _ended_in_vain = False

    def goes_round(self, error: HeldUpError, *, caught: bool) -> None:
        """Tell that an error is raised to end the handler, or that it was and has been caught."""

    async def recv(self, *arguments: Any, **options: Any) -> Any:
        """Receive; see the base class."""
        try:
            return await super().recv(*arguments, **options)
        except Exception:
            await self._called_in_vain()
            raise

    async def recv_streaming(self, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        """Receive fragments; see the base class."""
        try:
            async for fragment in super().recv_streaming(*arguments, **options):
                yield fragment
        except Exception:
            await self._called_in_vain()
            raise

    async def send(self, *arguments: Any, **options: Any) -> None:
        """Send; see the base class."""
        try:
            await super().send(*arguments, **options)
        except Exception:
            await self._called_in_vain()
            raise

    async def ping(self, *arguments: Any, **options: Any) -> Any:
        """Send a PING; see the base class."""
        try:
            return await super().ping(*arguments, **options)
        except Exception:
            await self._called_in_vain()
            raise

    async def pong(self, *arguments: Any, **options: Any) -> None:
        """Send a PONG; see the base class."""
        try:
            await super().pong(*arguments, **options)
        except Exception:
            await self._called_in_vain()
            raise

    async def _called_in_vain(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._in_vain:  # it is 0 again in the loop's next turn, if that comes
            loop.call_soon(setattr, self, "_in_vain", 0)
        self._in_vain += 1
        if self._in_vain == IN_VAIN and not self._ended_in_vain:
            self._held_up = HeldUpError(GOES_ROUND)
            self.goes_round(self._held_up, caught=False)
            raise self._held_up
        # Not at once: it may say goodbye in ``finally``.
        if self._held_up is not None and self._in_vain >= 2 * IN_VAIN:
            self.goes_round(self._held_up, caught=True)
            self._held_up, self._ended_in_vain = None, True
        if self._ended_in_vain:
            await loop.create_future()
