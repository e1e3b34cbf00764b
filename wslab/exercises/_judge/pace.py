"""How fast something is beside something else, measured at the same time on the same machine."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import time
from collections.abc import AsyncIterator

from wslab._loop import LoopThread

from .limits import REPLY_TIMEOUT

__all__ = ["Metronome"]


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


class Metronome:
    """
    Beats of an event loop of our own, which stands for the time that the machine needs.

    A machine that is busy is late here, too. So a rule compares with this, and not with a clock.

    Args:
        seconds: From one beat to the next; each is a call of :func:`asyncio.sleep`.

    >>> with Metronome(0.001) as metronome:
    ...     began = time.perf_counter()
    ...     while metronome.beats_since(began) < 3:
    ...         pass
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: list[float] = []
        self._thread = LoopThread("wslab-pace", _nothing)

    def __enter__(self) -> Metronome:
        self._thread.start(timeout=REPLY_TIMEOUT)
        asyncio.run_coroutine_threadsafe(self._beat(), self._thread._loop)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._thread.stop(timeout=REPLY_TIMEOUT)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            self._times.append(time.perf_counter())

    def beats_since(self, began: float, ended: float = float("inf")) -> int:
        """Return how many beats came between two times of :func:`time.perf_counter`."""
        return sum(began < beat <= ended for beat in list(self._times))

    def gap(self, began: float, ended: float) -> float:
        """
        Return the seconds from beat to beat between two times: the median, whatever stalls.

        Without three beats nothing is known: then it is infinite.
        """
        beats = [beat for beat in list(self._times) if began < beat <= ended]
        gaps = [later - earlier for earlier, later in itertools.pairwise(beats)]
        return statistics.median(gaps) if len(gaps) >= 2 else float("inf")

    def wait(self, beats: int) -> None:
        """Wait for so many beats from now on."""
        self._thread.run(self._wait(beats))

    async def _wait(self, beats: int) -> None:
        for _ in range(beats):
            await asyncio.sleep(self._seconds)
