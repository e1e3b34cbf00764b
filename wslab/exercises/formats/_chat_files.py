"""Rules of exercise 5.6 about attachments."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._judge import awkward, show
from wslab.exercises._rule import rule

from ._chat import ERROR, Person, chatting, has_type
from ._shared import CLOSED, is_closed

__all__ = ["FILES"]

_NO_SIZES: Final = (0, -1, -3, 100_001, 2.5, 0.5, 10**30)


def _announce(filename: Any, size: Any) -> str:
    return json.dumps({"type": "attach", "filename": filename, "size": size})


def _expect_attachment(
    listener: Person, sender: Person, filename: str, data: bytes, problem: str
) -> None:
    wanted = {"name": sender.name, "filename": filename, "size": len(data)}
    listener.hear(problem, type="attached", **wanted)
    expected = f"the {len(data):,} bytes in a binary message"
    got = listener.client.receive(expected, f"{problem}, and 'attached' came")
    if got != data:
        problem = f"{problem}, and next to 'attached' come not its bytes"
        if isinstance(got, str):
            problem += ", but a text message"
        raise listener.client.finding(problem, expected, show(got))


@rule(
    'sends `{"type": "attached", "name": …, "filename": …, "size": …}` to everybody, and next the '
    "bytes in a binary message"
)
def _attached(answer: Any) -> None:
    files = {
        "a.png": b"\x89PNG and so on",
        "": b"\x00",
        awkward.TEXTS["quotes"]: b'{"type":"say","text":"Hello"}',
        "Grüße.txt": awkward.BYTES["all bytes"],
        "0": b"hello",
        "large.bin": bytes(100_000),
    }
    with chatting(answer) as chat:
        ada, grace, lin = chat.enter("Ada", "Grace", "Lin")
        for filename, data in files.items():
            ada.attach(filename, data)
            for listener in (grace, lin):
                _expect_attachment(listener, ada, filename, data, "another client attached it")
        # Each client has an announcement of its own.
        grace.client.send(_announce("grace.bin", 5))
        grace.client.barrier()
        ada.attach("ada.bin", b"ada")
        problem = "two clients attach something at the same time"
        _expect_attachment(lin, ada, "ada.bin", b"ada", problem)
        grace.client.send(b"grace")
        _expect_attachment(lin, grace, "grace.bin", b"grace", problem)


@rule("nothing yet")
def _nothing_yet(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        chat.fence(ada, ada, grace)
        ada.client.send(_announce("a.bin", 3))
        for person, came in zip((grace, ada), chat.fence(ada, grace, ada), strict=True):
            if came:
                problem = "something was announced, and a message came before the bytes"
                raise person.client.finding(problem, "nothing", show(came))


@rule("a string and an integer from 1 to 100000")
def _announcement(answer: Any) -> None:
    bad = {
        "no filename": '{"type":"attach","size":3}',
        "no size": '{"type":"attach","filename":""}',
    }
    bad |= {f"the size {size}": _announce("a.bin", size) for size in _NO_SIZES}
    for what, value in awkward.VALUES.items():
        if what in ("NaN", "Infinity"):
            continue  # these are no JSON
        if type(value) is not int:
            bad[f"{what} for a size"] = _announce("a.bin", value)
        if not isinstance(value, str):
            bad[f"{what} for a filename"] = _announce(value, 3)
    with chatting(answer) as chat:
        (ada,) = chat.enter("Ada")
        for what, message in bad.items():
            if is_closed(ada.client):
                (ada,) = chat.enter("Ada")
            got = ada.reaction(message, f"an announcement has {what}", "attached")
            if has_type(got, "attached"):
                problem = f"an announcement has {what}, and it was accepted"
                raise ada.client.finding(problem, ERROR, show(got))


def _expect_refused(person: Person, data: bytes, what: str) -> None:
    got = person.reaction(data, what, "attached")
    if has_type(got, "attached") or got == data:
        raise person.client.finding(f"{what}, and they were sent on", ERROR, show(got))


@rule("bytes that are not announced or of another size")
def _unexpected_bytes(answer: Any) -> None:
    with chatting(answer) as chat:
        for data in (b"abc", b"", b'{"type":"say","text":"Hello"}'):
            (ada,) = chat.enter("Ada")
            _expect_refused(ada, data, f"{len(data)} bytes came that were not announced")
        for data in (b"four", b"to", b"", bytes(1000)):
            (ada,) = chat.enter("Ada")
            ada.client.send(_announce("three.bin", 3))
            _expect_refused(ada, data, f"{len(data)} bytes came where 3 were announced")


@rule("An announcement holds for the next message only, whatever that is")
def _next_only(answer: Any) -> None:
    between: dict[str, str | bytes] = {
        "a 'say'": '{"type":"say","text":"wait"}',
        "a mistake": '{"type":"dance"}',
        "a second 'join'": '{"type":"join","name":"x"}',
        "other bytes": b"four",
        "the bytes": b"abc",
    }
    with chatting(answer) as chat:
        for what, message in between.items():
            (ada,) = chat.enter("Ada")
            ada.client.send(_announce("three.bin", 3))
            if what == "a 'say'":
                ada.client.send(message)
            else:
                got = ada.reaction(message, f"{what} came after an announcement", "attached")
                if got is CLOSED:
                    continue  # another rule tells about that
                if has_type(got, "attached") or got == message:
                    ada.next("what belongs to it")
            _expect_refused(ada, b"abc", f"{what} came after an announcement, and then the bytes")


FILES: Final = (_attached, _nothing_yet, _announcement, _unexpected_bytes, _next_only)
