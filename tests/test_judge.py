"""Tests of wslab.exercises._judge: words for what is wrong, and awkward values."""

from __future__ import annotations

import asyncio
import gc
import json
import math

import pytest

from wslab import _stubborn
from wslab.exercises._judge import Finding, Pause, awkward, call, show


def test_show() -> None:
    """The type of a message is seen, a long one is cut, and one that cannot be shown is named."""

    class Evil:
        def __repr__(self) -> str:
            raise ValueError

    assert show("a") == "'a'"
    assert show(b"a") == "b'a'"
    assert show(Evil()) == "<Evil>"
    assert show("x" * 1000).endswith("… (1,002 characters)")
    assert len(show("x" * 1000)) < 150


@pytest.mark.parametrize("text", awkward.NOT_JSON.values(), ids=awkward.NOT_JSON)
def test_what_is_no_json(text: str) -> None:
    """Python's own parser refuses it, one way or another."""
    with pytest.raises((ValueError, RecursionError)):
        json.loads(text)


def test_values_can_be_sent() -> None:
    """All texts are UTF-8, all values JSON, apart from the two that only Python takes for it."""
    for text in awkward.TEXTS.values():
        assert text.encode().decode() == text
    for name, value in {**awkward.VALUES, **awkward.NUMBERS}.items():
        again = json.loads(json.dumps(value))
        assert again == value or math.isnan(again), name
    assert "no UTF-8" in awkward.BYTES
    with pytest.raises(UnicodeDecodeError):
        awkward.BYTES["no UTF-8"].decode()


def test_generator_gives_the_same_for_the_same_seed() -> None:
    """So a finding comes again when the cell is run again; and another seed gives others."""

    def some(seed: str) -> list[object]:
        values = awkward.Generator(seed)
        return [f() for f in (values.text, values.bytes, values.number, values.value) * 20]

    assert some("1.1") == some("1.1") != some("1.2")
    assert len({repr(value) for value in some("1.1")}) > 60
    json.dumps(awkward.Generator("1.1").value())


def test_a_pause_that_is_not_awaited_never_ran() -> None:
    """An async client has to await it; a plain one calls it, whatever comes back."""

    async def awaits(pause: Pause) -> None:
        await pause(0.1)

    async def forgets(pause: Pause) -> None:
        pause(0.1)

    def plain(pause: Pause) -> None:
        pause(0.1)

    class Client:
        async def __call__(self, pause: Pause) -> None:
            await forgets(pause)

    def never_ran(client: object) -> bool:
        pause = Pause()
        if (coroutine := client(pause)) is not None:  # type: ignore[operator]
            asyncio.run(coroutine)
        assert pause.calls == [0.1]
        return pause.never_ran(client)

    assert [never_ran(one) for one in (awaits, forgets, plain, Client())] == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.usefixtures("leaves_nothing")
def test_a_busy_machine_leaves_no_coroutine_to_the_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long a client is ended for: nobody interrupts that, and it is not collected."""
    swallowed: list[BaseException] = []

    async def client() -> None:
        while len(swallowed) < 20:  # an honest learner's client would go on for ever
            try:
                await asyncio.sleep(3600)
            except BaseException as exc:
                swallowed.append(exc)

    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.8)
    with pytest.raises(Finding, match="did not end"):
        call(client, timeout=0.1)
    gc.collect()
    assert len(swallowed) == 2  # it was cancelled, and closed
