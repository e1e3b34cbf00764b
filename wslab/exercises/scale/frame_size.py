"""Exercise 9.1: The size of a frame."""

from __future__ import annotations

from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import Rule
from wslab.server import serve
from wslab.talk import talk
from wslab.wire import Frame

__all__ = ["EXERCISE"]


_LENGTHS: Final = (5, 0, 125, 126, 300, 65_535, 65_536, 100_000)


async def _echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


def _probe_frame_size(answer: Any) -> None:
    with serve(_echo, name=f"check {id(answer)}") as server:
        talk(server.url, *(bytes(length) for length in _LENGTHS))
        frames = [frame for frame in server.transcript if isinstance(frame, Frame)]
    for masked, sender in ((False, "server"), (True, "client")):
        sent = [frame for frame in frames if (frame.sender, frame.kind) == (sender, "binary")]
        for length, frame in zip(_LENGTHS, sent, strict=True):
            got = call(answer, length, masked, timeout=CLIENT_TIMEOUT)
            if type(got) is not int or got != frame.size:
                rule = "each frame of the client is masked: four bytes more"
                if not masked:
                    rule = (
                        "a header is 2 bytes, and the length takes more where 7 bits cannot hold it"
                    )
                raise Finding(
                    f"a frame of {'the client' if masked else 'the server'} with "
                    f"{length:,} bytes of payload had another size on the wire; {rule}",
                    sent=f"{length}, {masked}",
                    expected=f"{frame.size}",
                    got=show(got),
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
    rules=(Rule("", _probe_frame_size),),
    minutes=5,
    difficulty=1,
    needs="What a message costs",
)
