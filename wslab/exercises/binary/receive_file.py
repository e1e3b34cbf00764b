"""Exercise 3.5: Receive files in chunks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


class _Upload:
    """A file on its way to the server."""

    def __init__(self, client: Client, seed: str, size: int, checksum: str | None = None) -> None:
        self.client = client
        self.content = hashlib.shake_128(seed.encode()).digest(size)
        self.right = checksum is None
        self.sent = 0
        checksum = checksum or hashlib.sha256(self.content).hexdigest()
        client.send(json.dumps({"size": size, "sha256": checksum}))

    def send(self, *sizes: int) -> None:
        """Send the next chunks."""
        for size in sizes:
            self.client.send(self.content[self.sent : self.sent + size])
            self.sent += size

    def send_all(self, chunk: int) -> None:
        """Send all that is left."""
        while self.sent < len(self.content):
            self.send(min(chunk, len(self.content) - self.sent))

    def ask(self) -> None:
        """Ask how much has arrived, and expect the right number."""
        self.client.send("progress")
        problem = "`progress` should be answered with the bytes of this file that have arrived"
        self._expect({"received": self.sent}, problem)

    def expect_end(self, problem: str = "") -> None:
        """Expect the answer to the whole file."""
        self._expect(
            {"received": len(self.content), "ok": self.right},
            problem
            or (
                "the whole file should be answered: its checksum is right"
                if self.right
                else "the whole file should be answered: its checksum is wrong"
            ),
        )

    def _expect(self, expected: dict[str, Any], problem: str) -> None:
        wanted = f"JSON text: {json.dumps(expected)}"
        got = self.client.receive_json(wanted, problem)
        if json.dumps(got, sort_keys=True) != json.dumps(expected, sort_keys=True):
            raise self.client.finding(problem, wanted, json.dumps(got))


def _probe_receive_file(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as (ada, grace):
        upload = _Upload(ada, "first", 1000)
        upload.send_all(400)
        upload.expect_end()
        with during("with a second file"):
            upload = _Upload(ada, "second", 70_001)
            upload.send(1, 2, 60_000)
            upload.ask()
            upload.send(0, 3, 0)
            upload.ask()
            upload.send_all(1234)
            upload.expect_end()
        with during("with an empty file"):
            _Upload(ada, "empty", 0).expect_end()
        with during("with a wrong checksum"):
            upload = _Upload(ada, "damaged", 500, hashlib.sha256(b"other").hexdigest())
            upload.send_all(100)
            upload.expect_end()
        with during("after a wrong checksum"):
            upload = _Upload(ada, "good again", 500)
            upload.send_all(500)
            upload.expect_end()
        with during("with two clients at once"):
            mine, yours = _Upload(ada, "mine", 30_000), _Upload(grace, "yours", 20_000)
            for _ in range(5):
                mine.send(3000)
                yours.send(2000)
                yours.ask()
                mine.ask()
            yours.send_all(500)
            yours.expect_end()
            mine.send_all(7000)
            mine.expect_end()
        with during("after a client has left in the middle of a file"):
            with server.client() as lin:
                upload = _Upload(lin, "given up", 1000)
                upload.send(100)
                upload.ask()
                lin.vanish()
            upload = _Upload(grace, "after it", 1000)
            upload.send_all(99)
            upload.expect_end()
            with server.client() as lin:
                upload = _Upload(lin, "once more", 1000)
                upload.ask()
                upload.send_all(1000)
                upload.expect_end()
        with during("with two files at once, one behind the other"):
            one = _Upload(ada, "one", 300)
            one.send_all(100)
            two = _Upload(ada, "two", 200)
            two.send_all(100)
            one.expect_end()
            two.expect_end()


EXERCISE = Exercise(
    id="3.5",
    title="Receive files in chunks",
    task=(
        "Write `receive_file(ws)`, the server's side of this agreement. A client may send several "
        "files one after the other; it never sends more bytes than it announced.\n\n"
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
    rules=(Rule("", _probe_receive_file),),
    minutes=25,
    difficulty=3,
    needs="A file in chunks",
)
