"""Rules of exercise 5.6 about those who leave, have not joined, or do not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from wslab.exercises._judge import Fault, Finding, show
from wslab.exercises._rule import rule

from ._chat import ERROR, Person, chatting, has_type
from ._shared import matches

__all__ = ["LEAVING", "OTHERS"]


def _vanish_after_announcement(person: Person) -> None:
    person.send(type="attach", filename="a.bin", size=10)
    person.client.barrier()
    person.client.vanish()


_NEWS: Final = ("joined", "left", "said", "welcome", "attached")

_WAYS: Final[dict[str, Callable[[Person], object]]] = {
    "closes with code 1000": lambda person: person.client.close(),
    "closes with code 4001": lambda person: person.client.ws.close(4001),
    "vanishes without a CLOSE frame": lambda person: person.client.vanish(),
    "vanishes after an announcement": _vanish_after_announcement,
}


@rule('sends `{"type": "left", "name": …}` to everybody who is left')
def _left(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace, lin = chat.enter("Ada", "Grace", "Lin")
        lin.client.close()
        for person in (ada, grace):
            person.hear("another client has closed", type="left", name=lin.name)
        for came in chat.fence(ada, ada, grace):
            if any(matches(message, {"type": "left", "name": lin.name}) for message in came):
                problem = "'left' came twice for the same client"
                raise grace.client.finding(problem, "it comes once", show(came))


@rule("in whatever way")
def _in_whatever_way(answer: Any) -> None:
    with chatting(answer) as chat:
        (ada,) = chat.enter("Ada")
        for how, leave in _WAYS.items():
            (lin,) = chat.enter("Lin")
            leave(lin)
            if how == "closes with code 1000":
                if not ada.hears(type="left", name=lin.name):
                    return  # another rule tells about that
            else:
                ada.hear(f"another client {how}", type="left", name=lin.name)
        chat.close()
        chat.server.expect_handlers_to_end("everybody has left, and a handler goes on")


@rule("the name is free again")
def _free(answer: Any) -> None:
    with chatting(answer) as chat:
        (ada,) = chat.enter("Ada")
        for how, leave in _WAYS.items():
            lin, again = (*chat.enter("Lin"), chat.guest("Lin"))
            leave(lin)
            if not ada.hears(type="left", name=lin.name):
                return  # another rule tells about that
            chat.server.wait_for_handlers(2)
            again.name = lin.name
            again.send(type="join", name=lin.name)
            got = again.next("a welcome", f"who had the name {how}, and another one joins with it")
            if has_type(got, "error"):
                problem = f"who had the name {how}, and it is still taken"
                raise again.client.finding(problem, "a welcome", show(got))
            again.client.close()


@rule("if it had not joined, nothing")
def _had_not_joined(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        refused = json.dumps({"type": "join", "name": ada.name})
        chat.fence(ada, ada, grace)
        for message in (None, "hello", refused):
            guest = chat.guest()
            if message and has_type(guest.reaction(message, "a mistake", "welcome"), "welcome"):
                continue  # another rule tells about that
            guest.client.close()
            chat.server.wait_for_handlers(2)
            for came in chat.fence(ada, grace):
                if left := [message for message in came if has_type(message, "left")]:
                    problem = "a client that had not joined has left, and it was reported"
                    raise grace.client.finding(problem, "nothing", show(left))


@rule("“Everybody” is whoever has joined and is still there")
def _still_there(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        mayflies = chat.enter(*["Mayfly"] * 4)
        texts = [f"number {number}" for number in range(4)]
        with chat.server.standing_still():  # it learns of all of it at once
            for mayfly, text in zip(mayflies, texts, strict=True):
                mayfly.client.vanish()
                ada.say(text)
        problem = "four clients vanish while somebody speaks, and the others should hear it all"
        heard: list[Any] = []
        while heard[-1:] != texts[-1:]:
            got = grace.next("four 'said'", problem)
            if matches(got, {"type": "said", "name": ada.name}):
                heard.append(got.get("text"))
        if heard != texts:
            raise grace.client.finding(problem, show(texts), show(heard))


@rule("Who has not joined gets nothing but errors")
def _guests(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        guest = chat.guest()
        guest.client.barrier()
        (lin,) = chat.enter("Lin")
        ada.say("hello")
        ada.attach("a.bin", b"abc")
        lin.client.close()
        grace.hears(type="said", text="hello")
        chat.server.wait_for_handlers(3)
        chat.fence(ada, grace)
        try:
            got = guest.reaction("hello", "it has not joined", *_NEWS)
        except Fault:
            raise
        except Finding:
            return  # another rule tells that no error comes
        other = isinstance(got, bytes) and b'"error"' not in got
        if other or any(has_type(got, type) for type in _NEWS):
            problem = "a client has not joined, and another message came before its error"
            raise guest.client.finding(problem, ERROR, show(got))


@rule("holds up nobody")
def _holds_up_nobody(answer: Any) -> None:
    with chatting(answer) as chat, chat.server.deaf_client() as deaf:
        ada, grace = chat.enter("Ada", "Grace")
        Person(deaf, chat.name("Slow")).join()
        ada.say("hello")
        if not grace.hears(type="said", text="hello"):
            return  # another rule tells about that
        problem = "a client does not read, and the others get no further"
        for number in range(16):
            ada.attach("a.bin", bytes([number]) * 60_000)
            ada.say(f"number {number}")
            grace.hear(problem, type="said", text=f"number {number}")
    with chatting(answer) as chat:
        try:
            chat.server.expect_no_blocking('{"type": "join", "name": "Ada"}')
        except Finding as finding:
            if isinstance(finding, Fault) or "it blocks" in finding.problem:
                raise
            # Otherwise no answer came, and another rule tells about that.


LEAVING: Final = (
    _left,
    _in_whatever_way,
    _free,
    _had_not_joined,
    _still_there,
)

OTHERS: Final = (_guests, _holds_up_nobody)
