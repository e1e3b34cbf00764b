"""Exercise 9.1: The size of a frame."""

from __future__ import annotations

from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import rule
from wslab.server import serve
from wslab.talk import talk
from wslab.wire import Frame

__all__ = ["EXERCISE"]

_LENGTHS: Final = (5, 0, 1, 125, 126, 127, 65_535, 65_536, 100_000)


async def _echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


def _real_sizes() -> dict[tuple[int, bool], int]:
    """Send frames of each length in both directions; return how long they were on the wire."""
    with serve(_echo, name="check 9.1") as server:
        talk(server.url, *(bytes(length) for length in _LENGTHS))
        frames = [frame for frame in server.transcript if isinstance(frame, Frame)]
    return {
        (frame.length, frame.sender == "client"): frame.size
        for frame in frames
        if frame.kind == "binary"
    }


def _size(answer: Any, length: int, masked: bool) -> Any:
    return call(answer, length, masked, timeout=CLIENT_TIMEOUT)


@rule("how many bytes a frame with `length` bytes of payload takes on the wire, header included")
def _with_its_header(answer: Any) -> None:
    real = _real_sizes()
    for length in _LENGTHS:
        got, expected = _size(answer, length, False), real[length, False]
        if type(got) is not int or got != expected:
            raise Finding(
                f"a frame of the server with {length:,} bytes of payload had another size",
                sent=f"frame_size({length}, False)",
                expected=str(expected),
                got=show(got),
            )


@rule("`masked` says whether it comes from a client")
def _masked(answer: Any) -> None:
    real = _real_sizes()
    for length in _LENGTHS:
        more = real[length, True] - real[length, False]
        plain, masked = _size(answer, length, False), _size(answer, length, True)
        if type(plain) is int and (type(masked) is not int or masked - plain != more):
            raise Finding(
                f"a frame of the client with {length:,} bytes of payload was {more} bytes longer "
                "than one of the server",
                sent=f"frame_size({length}, True)",
                expected=str(plain + more),
                got=show(masked),
            )


EXERCISE = Exercise(
    id="9.1",
    title="The size of a frame",
    task=(
        "Write `frame_size(length, masked)`. It returns how many bytes a frame with `length` bytes "
        "of payload takes on the wire, header included. `masked` says whether it comes from a "
        "client. The check sends real frames and counts."
    ),
    name="frame_size",
    starter="""
def frame_size(length, masked):
    # your code
    ...
""",
    hints=(
        "The table under *What a message costs* has all the headers that there are.",
        "2 bytes always; 2 more from 126 bytes of payload on, or 8 more where 2 bytes cannot hold "
        "the length; 4 more with a masking key.",
        "The largest number in 2 bytes is 65,535. So: `extra = 0 if length <= 125 else …`, and the "
        "sum of 2, `extra`, the 4 of the key if `masked`, and `length` itself.",
    ),
    solution="""
def frame_size(length, masked):
    if length <= 125:
        extended = 0
    elif length <= 65_535:
        extended = 2
    else:
        extended = 8
    key = 4 if masked else 0
    return 2 + extended + key + length
""",
    explanation=(
        "The second byte has 7 bits for the length. 126 and 127 in it are no lengths, they say "
        "that 2 or 8 bytes follow (RFC 6455 §5.2). So 125 is the largest payload with the shortest "
        "header, and also the most that a control frame may have."
    ),
    rules=(_with_its_header, _masked),
    minutes=5,
    difficulty=1,
    needs="What a message costs",
)
