"""``wslab.browser_pages``: of all the pages that show a console, one acts."""

from __future__ import annotations

from typing import Any

import pytest

from wslab.browser_pages import Pages

SETTINGS = {"port": 1234, "script": None}


class Kernel:
    """The kernel's half, and all that it has told the pages since one looked."""

    def __init__(self) -> None:
        self._told: list[dict[str, Any]] = []
        self._buffers: list[list[bytes] | None] = []
        self.pages = Pages(self._tell, SETTINGS)

    def _tell(self, content: dict[str, Any], buffers: list[bytes] | None = None, /) -> None:
        self._told.append(content)
        self._buffers.append(buffers)

    def hear(self, kind: str, page: str, *buffers: bytes, **content: Any) -> list[dict[str, Any]]:
        """Hear what a page says; return what the pages are told."""
        self._told.clear()
        views = [memoryview(buffer) for buffer in buffers]
        self.pages.receive({"kind": kind, "page": page, **content}, views)
        return list(self._told)

    @property
    def buffers(self) -> list[bytes] | None:
        return self._buffers[-1]


def configure(actor: str, again: bool, **more: str) -> dict[str, Any]:
    return {"do": "configure", **SETTINGS, "again": again, "actor": actor, **more}


@pytest.fixture
def kernel() -> Kernel:
    """With one page that acts and one that looks on."""
    kernel = Kernel()
    kernel.hear("ready", "first")
    kernel.hear("ready", "second")
    return kernel


def test_the_first_page_acts() -> None:
    """It is told so; nobody looks on."""
    kernel = Kernel()
    assert (kernel.pages.actor, kernel.pages.ever) == (None, False)
    assert kernel.hear("ready", "first") == [configure("first", False, newcomer="first")]
    assert (kernel.pages.actor, kernel.pages.watched, kernel.pages.ever) == ("first", False, True)


def test_a_second_page_looks_on() -> None:
    """Both are told who acts, and who is new, so that the first one shares what it has."""
    kernel = Kernel()
    kernel.hear("ready", "first")
    assert kernel.hear("ready", "second") == [configure("first", True, newcomer="second")]
    assert (kernel.pages.actor, kernel.pages.watched) == ("first", True)


def test_the_tab_whose_cell_made_the_console_acts() -> None:
    """The console is in its output; another tab that is quicker waits for it, but not for ever."""
    kernel = Kernel()
    kernel.pages = Pages(kernel._tell, SETTINGS, "its session")
    views: list[memoryview] = []
    kernel.pages.receive({"kind": "ready", "page": "quick"}, views, "other session")
    assert (kernel.pages.actor, kernel.pages.ever) == (None, False)
    kernel.pages.receive({"kind": "ready", "page": "own"}, views, "its session")
    assert (kernel.pages.actor, kernel.pages.watched) == ("own", True)
    assert [message["again"] for message in kernel._told] == [False, False]
    assert kernel.hear("take", "quick", instead_of=None) == []
    # When both are loaded anew, no session is the one that it was.
    kernel.hear("gone", "quick")
    kernel.hear("gone", "own")
    kernel.pages.receive({"kind": "ready", "page": "late"}, views, "third session")
    assert kernel.pages.actor == "late"


def test_another_tab_acts_if_that_one_never_comes() -> None:
    """A cell may have been run by a program without a page; it has not begun before."""
    kernel = Kernel()
    kernel.pages = Pages(kernel._tell, SETTINGS, "a program's")
    kernel.pages.receive({"kind": "ready", "page": "tab"}, [], "other session")
    assert kernel.hear("take", "tab", instead_of=None) == [configure("tab", False)]


def test_what_the_first_says_is_shown_to_the_second(kernel: Kernel) -> None:
    """Events, what was sent, and the connection's state; to all others, or to the one it names."""
    entry = {"type": "message", "data": "hello"}
    assert kernel.hear("entry", "first", entry=entry) == [
        {"do": "show", "entry": entry, "actor": "first"}
    ]
    assert kernel.hear("entry", "first", b"\x01", entry={}, to="second") == [
        {"do": "show", "entry": {}, "to": "second", "actor": "first"}
    ]
    assert kernel.buffers == [b"\x01"]
    assert kernel.hear("here", "first", state="OPEN") == [
        {"do": "alive", "state": "OPEN", "first": False, "actor": "first"}
    ]
    assert kernel.hear("here", "first", state="OPEN", to="second") == [
        {"do": "alive", "state": "OPEN", "first": True, "to": "second", "actor": "first"}
    ]
    assert kernel.pages.answered == 2


def test_one_page_alone_is_told_nothing_back() -> None:
    """Where nobody looks on, nothing is passed on."""
    kernel = Kernel()
    kernel.hear("ready", "first")
    assert kernel.hear("entry", "first", entry={"type": "open"}) == []


def test_a_page_that_looks_on_has_no_say(kernel: Kernel) -> None:
    """What it says of a connection is no event."""
    assert kernel.hear("entry", "second", entry={"type": "open"}) == []
    assert kernel.hear("here", "second", state="OPEN") == []
    assert kernel.pages.answered == 0


def test_a_page_takes_over(kernel: Kernel) -> None:
    """By a click, or because the first one does not say that it is there; that one may look on."""
    assert kernel.hear("take", "second", instead_of="first") == [configure("second", True)]
    assert (kernel.pages.actor, kernel.pages.watched) == ("second", False)
    assert kernel.hear("looking", "first") == [{"do": "watched", "to": "second"}]
    assert kernel.pages.watched


def test_of_two_that_want_to_act_one_does(kernel: Kernel) -> None:
    """Whoever comes too late meant to replace a page that does not act any more."""
    kernel.hear("ready", "third")
    kernel.hear("take", "third", instead_of="first")
    assert kernel.hear("take", "second", instead_of="first") == []
    assert kernel.pages.actor == "third"


def test_a_page_that_is_closed_leaves_its_place(kernel: Kernel) -> None:
    """Those that look on are asked, and the first to answer acts."""
    kernel.hear("ready", "third")
    assert kernel.hear("gone", "first") == [{"do": "vacant"}]
    assert kernel.pages.actor is None
    assert kernel.hear("take", "third", instead_of=None) == [configure("third", True)]
    assert kernel.hear("take", "second", instead_of=None) == []
    assert (kernel.pages.actor, kernel.pages.watched) == ("third", True)


def test_one_that_looks_on_may_be_closed(kernel: Kernel) -> None:
    """Nothing changes for the one that acts, but that nobody looks on."""
    assert kernel.hear("gone", "second") == []
    assert (kernel.pages.actor, kernel.pages.watched) == ("first", False)


def test_one_that_acts_does_not_look_on(kernel: Kernel) -> None:
    """It may have said so before it was chosen."""
    kernel.hear("take", "second", instead_of="first")
    assert kernel.hear("looking", "second") == []
    assert not kernel.pages.watched


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "ready"},
        {"kind": "ready", "page": 1},
        {"kind": "take", "page": "second"},
        {"kind": "here", "page": "first"},
        {"kind": "entry", "page": "first"},
        {"kind": "reply", "number": 1, "error": None},
    ],
)
def test_other_messages_are_ignored(content: dict[str, Any], kernel: Kernel) -> None:
    """What no page of this version says changes nothing."""
    before = (kernel.pages.actor, kernel.pages.watched, kernel.pages.answered)
    kernel._told.clear()
    kernel.pages.receive(content, [])
    assert kernel._told == []
    assert (kernel.pages.actor, kernel.pages.watched, kernel.pages.answered) == before
