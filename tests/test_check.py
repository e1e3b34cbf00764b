"""Tests of wslab.exercises._check: what a check shows."""

from __future__ import annotations

import pytest
from answer_cells import define

from wslab.exercises import check
from wslab.exercises._check import Check
from wslab.exercises._judge import Finding
from wslab.transcript import Records
from wslab.wire import Decoder

pytestmark = pytest.mark.usefixtures("data_folder")

clean = pytest.mark.usefixtures("leaves_nothing")


def test_hostile_content_is_escaped() -> None:
    """Whatever a finding holds, it is text in the cell and no HTML."""
    evil = "<script>alert('x')</script><img src=x onerror=alert(1)>"
    frames = Decoder("server", connection=1, handshake=False).feed(b"\x81\x37" + evil.encode())
    finding = Finding(evil, sent=evil, expected=evil, got=evil, records=Records(frames))
    bundle = Check("2.1", "not yet", finding)._repr_mimebundle_()
    assert "<script" not in bundle["text/html"]
    assert "<img src=x" not in bundle["text/html"]
    assert bundle["text/html"].count("&lt;script&gt;") >= 4
    assert evil in bundle["text/plain"]


@clean
def test_hostile_answer_is_escaped() -> None:
    """The same with a real answer that sends it."""
    code = "async def evil(ws): await ws.send('<script>alert(1)</script>\\x1b[31m')"
    bundle = check("2.1", define(code, "evil"))._repr_mimebundle_()
    assert "<script>alert" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert not any("\x1b" in text for text in bundle.values())
