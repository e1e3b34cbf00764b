"""Exercise 12.3: Unpack a message of the kernel."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

Content = dict[str, Any]


def _pack(
    channel: str,
    msg_type: str,
    content: Content,
    *buffers: bytes,
    ascii: bool = True,
    gap: bytes = b"",
) -> bytes:
    """Write a message as jupyter_server's ``v1.kernel.websocket.jupyter.org`` says."""
    header = {"msg_id": "1", "msg_type": msg_type, "version": "5.4"}
    between = (", ", ": ") if ascii else (" ,", " : ")
    values: list[Content] = [header, {}, {}, content]
    parts = [
        channel.encode(),
        *(json.dumps(value, ensure_ascii=ascii, separators=between).encode() for value in values),
        *buffers,
    ]
    start = 8 * (len(parts) + 2) + len(gap)
    offsets = accumulate((len(part) for part in parts), initial=start)
    numbers = [len(parts) + 1, *offsets]
    return b"".join([*(number.to_bytes(8, "little") for number in numbers), gap, *parts])


def _expect(answer: Any, index: int, problem: str, *cases: tuple[Any, ...]) -> None:
    """Look at one of the three things that are returned."""
    for channel, msg_type, content, *buffers in cases:
        for ascii in (True, False):
            data = _pack(channel, msg_type, content, *buffers, ascii=ascii)
            expected = (channel, msg_type, content)
            sent = f"your function was called with {len(data)} bytes, {show(data[:40])} …"
            got = _called(answer, data, sent, expected)
            if not isinstance(got, tuple | list) or len(got) != 3:
                problem = "it should return three things: channel, type, content"
            elif got[index] == expected[index]:
                continue
            raise Finding(problem, sent=sent, expected=show(expected), got=show(got))


def _called(answer: Any, data: bytes, sent: str, expected: object) -> Any:
    try:
        return call(answer, data, timeout=CLIENT_TIMEOUT)
    except Finding as finding:
        finding.sent, finding.expected = sent, show(expected)
        raise


STATUS = ("iopub", "status", {"execution_state": "idle"})


@rule("Return `(channel, msg_type, content)`")
def _three(answer: Any) -> None:
    data = _pack(*STATUS)
    sent = f"your function was called with {len(data)} bytes, {show(data[:40])} …"
    got = _called(answer, data, sent, STATUS)
    if not isinstance(got, tuple) or len(got) != 3:
        raise Finding("it is no tuple of three", sent=sent, expected=show(STATUS), got=show(got))


@rule("the channel")
def _channel(answer: Any) -> None:
    _expect(answer, 0, "the channel is another one", STATUS, ("shell", "execute_reply", {}))


@rule("the `msg_type` of the header")
def _type(answer: Any) -> None:
    _expect(answer, 1, "the type is another one", STATUS, ("shell", "kernel_info_reply", {}))
    _expect(answer, 1, "the type is another one", ("shell", "comm.open-2", {}))


@rule("the content as a `dict`")
def _content(answer: Any) -> None:
    cases: list[tuple[str, str, Content]] = [
        ("iopub", "stream", {"name": "stdout", "text": text})
        for text in ("", "Grüße, 世界", '{"msg_type": "no"}', "x" * 70_000)
    ]
    cases += [("shell", "history_reply", {"ok": True, "none": None}), ("shell", "reply", {})]
    _expect(answer, 2, "the content is another one", STATUS, *cases)


@rule("which begin and end at these offsets")
def _offsets(answer: Any) -> None:
    data = _pack(*STATUS, gap=b"\0" * 8)
    sent = f"{len(data)} bytes, {show(data[:64])} …: the first part begins at byte 64, not at 56"
    got = _called(answer, data, sent, STATUS)
    if not isinstance(got, tuple | list) or list(got)[-1] != STATUS[-1]:
        problem = "it is somewhere else that it looks for the parts"
        raise Finding(problem, sent=sent, expected=show(STATUS), got=show(got))


@rule("buffers may follow")
def _buffers(answer: Any) -> None:
    content = {"comm_id": "1"}
    case = ("shell", "comm_msg", content, b"\xff\x00", b"")
    _expect(answer, 2, "with two buffers behind it, the content is another one", case)


EXERCISE = Exercise(
    id="12.3",
    title="Unpack a message of the kernel",
    task=(
        "Write `unpack(data)` for a binary message of the kernel's channel, as described above: "
        "8 bytes with the number of offsets, the offsets with 8 bytes each, little endian, then "
        "the parts, which begin and end at these offsets. The first part is the channel, UTF-8; "
        "then come header, parent header, metadata and content, each JSON; buffers may follow. "
        "Return `(channel, msg_type, content)`: the channel as a `str`, the `msg_type` of the "
        "header, and the content as a `dict`."
    ),
    name="unpack",
    starter="""
import json


def unpack(data):
    count = int.from_bytes(data[:8], "little")
    offsets = ...
    parts = ...
    return ...
""",
    hints=(
        "Offset `i` is in the 8 bytes that begin at `8 * (i + 1)`. They count from the beginning "
        "of the message.",
        "Part `i` is `data[offsets[i]:offsets[i + 1]]`; so there is one part less than offsets.",
        '`struct.unpack_from(f"<{count}Q", data, 8)` reads all offsets at once, and '
        "`itertools.pairwise(offsets)` gives beginnings and ends.",
    ),
    solution="""
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    offsets = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[start:end] for start, end in pairwise(offsets)]
    channel, header, _, _, content = parts[:5]
    return channel.decode(), json.loads(header)["msg_type"], json.loads(content)
""",
    explanation=(
        "With offsets in front, a reader finds a part without parsing those before it, and buffers "
        "stay bytes. The older way, JSON in a text message, had to encode them."
    ),
    rules=(_three, _channel, _type, _content, _offsets, _buffers),
    minutes=20,
    difficulty=3,
    needs="The notebook's own channel",
)
