"""Exercise 3.5: Receive files in chunks."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, during
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_OTHER: Final = hashlib.sha256(b"another file").hexdigest()


class _Upload:
    """
    A file on its way to the server.

    Args:
        client: Who sends it.
        content: The bytes of the file.
        checksum: What is announced, instead of the right one.
        turned: Whether the keys of the announcement come in the other order.
    """

    def __init__(
        self,
        client: Client,
        content: bytes,
        checksum: str | None = None,
        turned: bool = False,
    ) -> None:
        self.client = client
        self.content = content
        self.right = checksum is None
        self.sent = 0
        checksum = checksum or hashlib.sha256(content).hexdigest()
        items = [("size", len(content)), ("sha256", checksum)]
        client.send(json.dumps(dict(reversed(items) if turned else items)))

    def send(self, *sizes: int) -> None:
        """Send the next chunks."""
        for size in sizes:
            self.client.send(self.content[self.sent : self.sent + size])
            self.sent += size

    def send_all(self, chunk: int) -> None:
        """Send all that is left."""
        while self.sent < len(self.content):
            self.send(min(chunk, len(self.content) - self.sent))

    def answer(self, problem: str) -> dict[str, Any]:
        """Return the next answer, whatever is in it: an object, else it is none."""
        got = self.client.receive_json("JSON text", problem)
        return got if isinstance(got, dict) else {}

    def ask(self, problem: str) -> dict[str, Any]:
        """Ask how much has arrived; return the answer."""
        self.client.send("progress")
        return self.answer(problem)

    def expect_end(self, problem: str) -> None:
        """Expect the answer to the whole file: both its values, whatever else is in it."""
        wanted = {"received": len(self.content), "ok": self.right}
        got = self.answer(problem)
        if not all(_same(got.get(key), value) for key, value in wanted.items()):
            raise self.client.finding(problem, json.dumps(wanted), json.dumps(got))


def _same(got: Any, expected: Any) -> bool:
    """Return whether two values are the same in JSON, where true is not 1."""
    return type(got) is type(expected) and bool(got == expected)


def _some(size: int, seed: str = "a file") -> bytes:
    """Return bytes of all kinds, the same each time."""
    return hashlib.shake_128(seed.encode()).digest(size)


@contextlib.contextmanager
def _client(answer: Any) -> Iterator[Client]:
    with answering(answer) as server, server.client() as client:
        yield client


@rule("as soon as the file is complete")
def _as_soon_as(answer: Any) -> None:
    with _client(answer) as client:
        upload = _Upload(client, _some(300))
        upload.send(100, 199)
        client.barrier()
        client.expect_silence("an answer came one byte before the end", seconds=0.02)
        upload.send(1)
        client.receive("JSON text", "the last byte has arrived")
        client.barrier()
        client.expect_silence("more than one answer came", seconds=0.02)
    with _client(answer) as client:
        _Upload(client, b"")
        client.receive("JSON text", "a file of 0 bytes was announced")


@rule('`{"received": …, "ok": …}`')
def _end(answer: Any) -> None:
    with _client(answer) as client:
        upload = _Upload(client, _some(1000))
        upload.send_all(400)
        wanted = json.dumps({"received": 1000, "ok": True})
        got = client.receive_json(wanted, "the last byte has arrived")
        if not isinstance(got, dict) or got.keys() != {"received", "ok"}:
            raise client.finding("the keys are `received` and `ok`", wanted, json.dumps(got))
        if not _same(got["received"], 1000):
            problem = "`received` is not the number of bytes"
            raise client.finding(problem, wanted, json.dumps(got))
        if not isinstance(got["ok"], bool):
            problem = "`ok` is neither `true` nor `false`"
            raise client.finding(problem, wanted, json.dumps(got))


@rule("`true` if the checksum is right")
def _true(answer: Any) -> None:
    for content in (_some(500), b"a", b""):
        with _client(answer) as client:
            upload = _Upload(client, content)
            upload.send_all(300)
            try:
                got = upload.answer("the file is complete")
            except Finding:
                if content:
                    raise
                return  # another rule tells about the end of an empty file
            if got.get("ok") is False:
                problem = "the checksum is right"
                raise client.finding(problem, '{"received": …, "ok": true}', json.dumps(got))


@rule("`false` if not")
def _false(answer: Any) -> None:
    for checksum in (_OTHER, hashlib.sha256(_some(500)).hexdigest()[:-1]):
        with _client(answer) as client:
            upload = _Upload(client, _some(500), checksum)
            upload.send(500)
            got = upload.answer("a file with a wrong checksum is complete")
            if got.get("ok") is not False:
                problem = "the checksum is wrong"
                raise client.finding(problem, '{"received": …, "ok": false}', json.dumps(got))


@rule("the next chunk, of any length")
def _chunks(answer: Any) -> None:
    with _client(answer) as client:
        upload = _Upload(client, _some(70_001))
        upload.send(1, 2, 0, 60_000, 3, 0, 9_994, 1)
        upload.expect_end("the chunks had 0, 1, 2, 3, 9,994 and 60,000 bytes")
    chunks = (b"progress", json.dumps({"size": 3, "sha256": _OTHER}).encode(), b"hello", b"hello")
    with _client(answer) as client:
        upload = _Upload(client, b"".join(chunks))
        upload.send(*map(len, chunks))
        upload.expect_end(
            "the chunks were progress, an announcement, and the same text twice, all as bytes"
        )


@rule("several files one after the other")
def _several(answer: Any) -> None:
    with _client(answer) as client:
        uploads = []
        for turned, content in ((False, _some(300)), (True, _some(200, "b")), (False, _some(300))):
            uploads.append(_Upload(client, content, turned=turned))
            uploads[-1].send_all(100)
        for number, upload in enumerate(uploads, 1):
            upload.expect_end(f"file {number} of {len(uploads)} is complete")
        with during("after a wrong checksum"):
            upload = _Upload(client, _some(50), _OTHER)
            upload.send(50)
            upload.answer("the file is complete")
            upload = _Upload(client, _some(500))
            upload.send(400, 100)
            upload.expect_end("the next file is complete")


@rule('`{"received": …}`, the answer to `progress`')
def _progress(answer: Any) -> None:
    with _client(answer) as client:
        _Upload(client, _some(700)).send(1)
        client.send("progress")
        wanted = json.dumps({"received": 1})
        got = client.receive_json(wanted, "`progress` was sent")
        if not isinstance(got, dict) or got.keys() != {"received"}:
            problem = "`progress` was sent: the one key is `received`"
            raise client.finding(problem, wanted, json.dumps(got))


@rule("so many bytes of this file have arrived")
def _arrived(answer: Any) -> None:
    with _client(answer) as client:
        for which in ("the first file", "another file"):
            upload = _Upload(client, _some(1000))
            for size in (10, 300):
                upload.send(size)
                got = upload.ask("`progress` was sent")
                if not _same(got.get("received", upload.sent), upload.sent):
                    problem = f"{upload.sent} bytes of {which} have arrived"
                    expected = json.dumps({"received": upload.sent})
                    raise client.finding(problem, expected, json.dumps(got))
            upload.send(1000 - upload.sent)
            upload.answer("the file is complete")


@rule("at any time while a file is on its way")
def _any_time(answer: Any) -> None:
    with _client(answer) as client:
        upload = _Upload(client, _some(1000))
        for count, when in ((0, "before the first chunk"), (999, "twice"), (0, "twice")):
            if count:
                upload.send(count)
            got = upload.ask(f"`progress` was sent {when}")
            if not isinstance(got.get("received", 0), int):
                problem = f"`progress` was sent {when}: no number came"
                raise client.finding(problem, '{"received": 0}', json.dumps(got))
        upload.send(1)
        upload.answer("the file is complete, and `progress` was sent before")


@rule("while others send theirs")
def _others(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as (ada, grace):
        mine, yours = _Upload(ada, _some(3000)), _Upload(grace, _some(3000, "yours"))
        for _ in range(2):
            mine.send(1000)
            yours.send(500)
        yours.send_all(500)
        yours.expect_end("the file of one of two clients is complete")
        with server.client() as lin:
            upload = _Upload(lin, _some(1000))
            upload.send(100)
            lin.barrier()
            lin.vanish()
        mine.send_all(600)
        mine.expect_end("the file of one client is complete, another client left before its end")


EXERCISE = Exercise(
    id="3.5",
    title="Receive files in chunks",
    task=(
        "Write `receive_file(ws)`, the server's side of this agreement. A client may send several "
        "files one after the other, while others send theirs; it never sends more bytes than it "
        "announced.\n\n"
        "| who | message | content |\n"
        "|---|---|---|\n"
        '| client | text | `{"size": …, "sha256": …}`: a file of so many bytes follows, with this '
        "checksum in hexadecimal digits |\n"
        "| client | binary, any number | the next chunk, of any length |\n"
        "| client | text | `progress`, at any time while a file is on its way |\n"
        '| server | text | `{"received": …}`, the answer to `progress`: so many bytes of this file '
        "have arrived |\n"
        '| server | text | `{"received": …, "ok": …}` as soon as the file is complete: `true` if '
        "the checksum is right, `false` if not |"
    ),
    name="receive_file",
    starter="""
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        ...
""",
    hints=(
        "Three kinds of message come: bytes, the word `progress`, JSON. One loop takes them all; "
        "what it knows about the file is in a few local variables.",
        "`hashlib.sha256()` is made anew for each file, `update()` takes each chunk, `hexdigest()` "
        "is compared at the end. And a file of 0 bytes: after which message is it complete?",
        "Bytes: add their length, `update()`. `progress`: answer and `continue`. JSON: remember "
        "`size` and `sha256`, set the count to 0, make a new `hashlib.sha256()`. Then, for bytes "
        "and JSON alike: `if received == size:` send the last answer.",
    ),
    solution="""
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))
""",
    explanation=(
        "The chunks are counted in bytes, not in messages, so any length will do, 0 as well. "
        "Whether the file is complete is asked after each chunk and after the announcement; an "
        "empty file is complete at once. All variables are local: each connection has a file of "
        "its own. A server for strangers would also refuse a `size` that is too big and bytes "
        "that nobody announced."
    ),
    rules=(
        _as_soon_as,
        _end,
        _true,
        _false,
        _chunks,
        _several,
        _progress,
        _arrived,
        _any_time,
        _others,
    ),
    minutes=25,
    difficulty=3,
    needs="A file in chunks",
)
