"""The command ``wslab tap``: what crosses the wire of a server, in a terminal, until Ctrl+C."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from .record_json import to_json
from .render import describe
from .tap import tap
from .transcript import Transcript
from .wire import Frame, Record

__all__ = ["Follower", "add_arguments", "run"]

KEEP = 1000
KEEP_FOR_HAR = 100_000
INTERVAL = 0.02
"""Seconds between two looks at what has come: the pace at which a terminal can be read."""

PATIENCE = 0.2
"""Seconds to wait for something to come, before looking whether it is time to end."""

_ARROWS = {"client": "client → server", "server": "client ← server", None: "       ✗       "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("url", help="address of the server: ws://, wss://, http:// or https://")
    parser.add_argument("--port", type=int, default=0, help="port of the tap (a free one)")
    parser.add_argument("--har", metavar="FILE", help="at the end, save what was seen as a HAR")
    parser.add_argument("--json", action="store_true", help="print each record as a line of JSON")
    parser.add_argument("--http", action="store_true", help="show other HTTP requests, too")


def run(options: argparse.Namespace) -> int:
    """
    Run the command until Ctrl+C or SIGTERM; return its exit code.

    Args:
        options: Those of :func:`add_arguments`.

    Returns:
        0 after a clean end, 1 where the port is taken or the HAR cannot be written, 2 where the
        address is none.
    """
    if options.har and not pathlib.Path(options.har).absolute().parent.is_dir():
        return _fail(f"there is no folder for {options.har}; make it, or name another file", 2)
    try:
        service = tap(
            options.url,
            port=options.port,
            keep=KEEP_FOR_HAR if options.har else KEEP,
            http=options.http,
        )
    except ValueError as exc:
        return _fail(str(exc), 2)
    except (OSError, OverflowError) as exc:
        return _fail(f"port {options.port} cannot be listened on ({exc}); take another one", 1)
    follower = Follower(service.transcript, _as_json if options.json else _Lines())
    with _until_signal() as stop, service, contextlib.suppress(BrokenPipeError):
        print(f"{service.url} → {options.url}  (Ctrl+C ends it)", file=sys.stderr, flush=True)
        while not stop.is_set():
            follower.look(timeout=PATIENCE)
            stop.wait(INTERVAL)
    with contextlib.suppress(BrokenPipeError):
        follower.look(timeout=0, last=True)
    _close_stdout()
    if options.har:
        try:
            service.transcript.save(options.har)
        except OSError as exc:
            return _fail(f"{options.har} cannot be written ({exc.strerror or exc})", 1)
        dropped = service.transcript.dropped
        more = f"; {dropped:,} earlier ones were dropped" if dropped else ""
        print(f"{len(service.transcript):,} records in {options.har}{more}", file=sys.stderr)
    return 0


class Follower:
    """
    Prints the records of a transcript as they come, each once.

    A frame is printed when its payload is complete.

    Args:
        transcript: Where they come.
        line: Makes the line of a record.
    """

    def __init__(self, transcript: Transcript, line: Callable[[Record], str]) -> None:
        self._transcript = transcript
        self._line = line
        self._version = -1
        self._seen = 0
        self._arriving: list[Frame] = []

    def look(self, *, timeout: float, last: bool = False) -> None:
        """
        Print what has come since the last look, or comes now.

        Args:
            timeout: Seconds to wait for something.
            last: Whether this is the end, so that no frame becomes complete any more.

        Raises:
            BrokenPipeError: Nobody reads what is printed.
        """
        self._version = self._transcript.wait_for_change(self._version, timeout)
        records = self._transcript.snapshot()
        total = records.dropped + len(records)
        new = total - self._seen
        self._seen = total
        if new > len(records):
            print(f"… {new - len(records):,} more …", file=sys.stderr)
        arriving, self._arriving = self._arriving, []
        for record in [*arriving, *records[max(0, len(records) - new) :]]:
            if isinstance(record, Frame) and not record.complete and not last:
                self._arriving.append(record)
            else:
                print(self._line(record))
        sys.stdout.flush()


class _Lines:
    """Makes lines to be read, with the seconds since the first one."""

    def __init__(self) -> None:
        self._began: float | None = None

    def __call__(self, record: Record) -> str:
        self._began = record.time if self._began is None else self._began
        what, content, size, problem = describe(record)
        cells = (what, content, size, f"⚠ {problem}" if problem else "")
        place = f"{record.time - self._began:9.3f}  {record.connection:>3}"
        return f"{place}  {_ARROWS[record.sender]}  {'  '.join(filter(None, cells))}"


def _as_json(record: Record) -> str:
    return json.dumps(to_json(record))


@contextlib.contextmanager
def _until_signal() -> Iterator[threading.Event]:
    """Yield an event that Ctrl+C and SIGTERM set: an exception might come amid what is printed."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _close_stdout() -> None:
    """After a reader has gone: nothing is left for Python to write at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    print(f"wslab: {message}", file=sys.stderr)
    return code
