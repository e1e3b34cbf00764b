"""What the exercises of this folder share."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, during, run_client

__all__ = ["Handler", "judge"]


Handler = Callable[[ServerConnection], Awaitable[None]]


def judge(answer: Any, right: Mapping[str, Handler], broken: Mapping[str, Handler]) -> None:
    """
    Test a test: it must pass with each server that is right, and fail with each that is not.

    Args:
        answer: ``def test(url)``, plain or ``async``.
        right: Handlers by what they do: "answers at once".
        broken: Handlers by what is wrong with them.
    """
    for what, handler in right.items():
        with during(f"with a correct server, which {what}"):
            run_client(answer, handler)
    for what, handler in broken.items():
        began = time.monotonic()
        try:
            run_client(answer, handler, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            # A TimeoutError is as good as any other, if it is not the one that ended the answer.
            in_time = time.monotonic() - began < CLIENT_TIMEOUT
            raised = finding.problem.startswith("it raised ") or finding.got == "TimeoutError"
            if raised and in_time:
                continue
            finding.problem = f"with a server that {what}: {finding.problem}"
            raise
        raise Finding(
            f"the test passes, but the server {what}",
            expected="an AssertionError, or any other exception",
            got="the function returned",
        )
