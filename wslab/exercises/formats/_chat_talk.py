"""Rules of exercise 5.6 about who is here and what is said."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._judge import Fault, Finding, awkward, show
from wslab.exercises._rule import rule

from ._chat import Chat, Person, chatting, has_type
from ._shared import json_text, matches

__all__ = ["HISTORY", "TALK"]

_TEXTS: Final = ("hello", *(text for text in awkward.TEXTS.values() if len(text) < awkward.LONG))

_QUICKLY: Final = ("one", "two", "two", "three")


@rule('answers `{"type": "welcome", "history": […]}`')
def _welcome(answer: Any) -> None:
    wanted = '{"type": "welcome", "history": […]}'
    with chatting(answer) as chat:
        for person in (chat.guest("Ada"), chat.guest("Grace")):
            person.send(type="join", name=person.name)
            _, got = person.hear("it joins", type="welcome")
            if not isinstance(got.get("history"), list):
                problem = "the history should be a list, if nothing was said an empty one"
                raise person.client.finding(problem, wanted, json_text(got))


@rule('then sends `{"type": "joined", "name": …}` to everybody')
def _joined(answer: Any) -> None:
    with chatting(answer) as chat:
        here = chat.enter("Ada")
        for newcomer in (chat.guest("Grace"), chat.guest("Lin")):
            newcomer.send(type="join", name=newcomer.name)
            for person in here:
                person.hear("another client has joined", type="joined", name=newcomer.name)
            _expect_welcome_first(newcomer)
            for came in chat.fence(newcomer, *here):
                if any(matches(m, {"type": "joined", "name": newcomer.name}) for m in came):
                    problem = "'joined' came twice"
                    raise here[0].client.finding(problem, "it comes once", show(came))
            here.append(newcomer)


def _expect_welcome_first(newcomer: Person) -> None:
    """Expect that its welcome does not come after its 'joined'."""
    own = {"type": "joined", "name": newcomer.name}
    came: list[Any] = []
    while not any(has_type(message, "welcome") for message in came):
        if came and matches(came[-1], own) and newcomer.hears(type="welcome"):
            problem = "its own 'joined' came before the welcome"
            wanted = "the welcome, then 'joined'"
            raise newcomer.client.finding(problem, wanted, show([*came, {"type": "welcome"}]))
        if came and matches(came[-1], own):
            return  # another rule tells that there is no welcome
        came.append(newcomer.next("a welcome", "it joins"))


@rule('sends `{"type": "said", "name": …, "text": …}` to everybody')
def _said(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace, lin = people = chat.enter("Ada", "Grace", "Lin")
        for speaker, text in (*((ada, text) for text in _TEXTS), (grace, "hello"), (lin, "0")):
            speaker.say(text)
            for listener in people:
                if listener is not speaker:
                    _expect_said(listener, speaker, text, "another client says something")
        for text in _QUICKLY:
            ada.say(text)
        for text in _QUICKLY:
            _expect_said(grace, ada, text, f"{', '.join(_QUICKLY)} are said at once")


def _expect_said(listener: Person, speaker: Person, text: str, problem: str) -> None:
    """Expect this, and that nobody else said anything before."""
    wanted = {"type": "said", "name": speaker.name, "text": text}
    before, _ = listener.hear(problem, **wanted)
    others = [m for m in before if has_type(m, "said") and m.get("name") != listener.name]
    if others:
        problem = f"{problem}, and something else comes before it, or the last one twice"
        raise listener.client.finding(problem, json_text(wanted), show(others))


@rule("the client itself too")
def _itself(answer: Any) -> None:
    with chatting(answer) as chat:
        (ada,), grace = chat.enter("Ada"), chat.guest("Grace")
        grace.send(type="join", name=grace.name)
        if ada.hears(type="joined", name=grace.name):
            problem = "its own 'joined' does not come to the client itself"
            grace.hear(problem, type="joined", name=grace.name)
        grace.say("hello")
        if ada.hears(type="said", text="hello"):
            grace.hear("what it says comes to others only", type="said", text="hello")
        grace.attach("a.bin", b"abc")
        if ada.hears(type="attached", filename="a.bin") and ada.gets(b"abc"):
            problem = "its attachment comes to others only"
            grace.hear(problem, type="attached", filename="a.bin")
            got = grace.next("b'abc'", problem)
            if got != b"abc":
                raise grace.client.finding(problem, "b'abc'", show(got))


class _Talk:
    """
    Ada and Grace, who talk.

    Attributes:
        said: What they have said, as it should be in the history.
    """

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.ada, self.grace = chat.enter("Ada", "Grace")
        self.said: list[dict[str, str]] = []

    def say(self, *texts: str) -> None:
        """Let each of them say this, after the other has heard what was said before."""
        for text in texts:
            for speaker, listener in ((self.ada, self.grace), (self.grace, self.ada)):
                speaker.say(text)
                listener.hears(type="said", name=speaker.name, text=text)
                self.said.append({"type": "said", "name": speaker.name, "text": text})

    def expect_history(self, count: int) -> None:
        """Let somebody join, and see whether the history ends with the last so many messages."""
        (person,) = self.chat.enter("Lin")
        history, wanted = person.history, self.said[-count:]
        if not isinstance(history, list):
            return  # another rule tells about that
        if len(history) <= 10 and len(history) >= count:
            if all(map(matches, history[-count:], wanted)):
                return
            problem = "the history has other messages, or another order"
        else:
            problem = f"the history has {len(history)} messages"
        texts = ", ".join(show(message["text"]) for message in wanted)
        got = ", ".join(map(show, history)) or "an empty history"
        raise person.client.finding(problem, f"'said' with the texts {texts}", got)


@rule("with the last ten `said` messages, oldest first")
def _history(answer: Any) -> None:
    with chatting(answer) as chat:
        talk = _Talk(chat)
        talk.say("one", "")
        talk.expect_history(4)
        talk.say("", "two", awkward.TEXTS["quotes"], "0", "last but one", "last")
        talk.expect_history(10)
        talk.ada.attach("a.bin", b"not in the history")
        talk.say("after all this")
        talk.expect_history(10)
        talk.grace.client.close()
        talk.ada.hears(type="left", name=talk.grace.name)
        talk.expect_history(10)
        _join_while_somebody_speaks(chat, talk.ada)


def _join_while_somebody_speaks(chat: Chat, ada: Person) -> None:
    """Expect that from the history on nothing is missing, and nothing comes twice."""
    late = [chat.guest("Late") for _ in range(12)]
    everything = [f"number {number}" for number in range(len(late))]
    for person, text in zip(late, everything, strict=True):
        # Both come at once: the chat has other work to do between any two awaits.
        with chat.server.standing_still():
            person.send(type="join", name=person.name)
            ada.say(text)
        ada.until_said(ada, text)
    ada.say("the end")
    everything.append("the end")
    for person in late:
        problem = "it joins while somebody speaks, and should miss nothing from the history on"
        texts = _texts(person.hear(problem, type="welcome")[1].get("history"))
        while texts[-1:] != everything[-1:]:
            texts += _texts([person.next("the next 'said'", problem)])
        mine = [text for text in texts if text in everything]
        if mine != everything[-len(mine) :]:
            wanted = f"the texts from {show(mine[0])} on, each once"
            raise person.client.finding(problem, wanted, show(mine))


def _texts(messages: Any) -> list[Any]:
    """Return what is said in these messages."""
    said = messages if isinstance(messages, list) else []
    return [message.get("text") for message in said if has_type(message, "said")]


_MORE: Final[dict[str, Any]] = {"id": 7, "colour": None, "history": [], "text ": "no", "Name": 5}


@rule("Fields that are not named here do no harm")
def _more_fields(answer: Any) -> None:
    """With more fields a message has the effect that it has without them."""
    with chatting(answer) as chat:
        for more in ({}, _MORE):
            person = chat.guest()
            joins = {"type": "join", "name": person.name} | more
            says = {"type": "say", "text": "Hello"} | more
            announces = {"type": "attach", "filename": "a.bin", "size": 3} | more
            if more:
                says["name"] = announces["name"] = "somebody else"
            scenes: dict[str, tuple[str | bytes, ...]] = {
                "welcome": (json.dumps(joins),),
                "said": (json.dumps(says),),
                "attached": (json.dumps(announces), b"abc"),
            }
            for effect, messages in scenes.items():
                for message in messages[:-1]:
                    person.client.send(message)
                try:
                    got = person.reaction(messages[-1], "a message has more fields", effect)
                except Fault:
                    raise
                except Finding:
                    if more:
                        raise
                    return  # another rule tells about that
                as_due = has_type(got, effect) and got.get("name") in (None, person.name)
                if more and not as_due:
                    problem = "a message has more fields"
                    wanted = json_text({"type": effect})
                    raise person.client.finding(problem, wanted, show(got))
                if not as_due:
                    return  # another rule tells about that


TALK: Final = (_welcome, _joined, _said, _itself, _more_fields)

HISTORY: Final = (_history,)
