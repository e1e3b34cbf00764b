"""Rules of exercise 5.6 about what is answered with an error."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

from wslab.exercises._judge import Finding, awkward, show
from wslab.exercises._rule import rule

from ._chat import ERROR, Person, chatting, has_type
from ._shared import AWFUL, CLOSED, NOT_JSON, is_closed, is_error, json_text

__all__ = ["MISTAKES", "NO_JSON"]

_SAY: Final = '{"type":"say","text":"Hello"}'
_EFFECTS: Final = ("said", "attached", "welcome")
_VALUES: Final = {k: v for k, v in awkward.VALUES.items() if k not in ("NaN", "Infinity")}


def _refuses(answer: Any, messages: Iterable[tuple[str, str | bytes]]) -> None:
    """
    Expect an answer to each of these mistakes of somebody who has joined, but no effect.

    Args:
        answer: The learner's.
        messages: What is wrong with each, and the message.
    """
    with chatting(answer) as chat:
        (person,) = chat.enter("Ada")
        for why, message in messages:
            if is_closed(person.client):
                (person,) = chat.enter("Ada")
            _expect_refusal(person, message, why, *_EFFECTS)


def _expect_refusal(person: Person, message: str | bytes, why: str, *effects: str) -> None:
    got = person.reaction(message, why, *effects)
    if any(has_type(got, effect) for effect in effects):
        raise person.client.finding(f"{why}, and it was accepted", ERROR, json_text(got))


@rule('`{"type": "error", "message": …}`, a string in your words')
def _error(answer: Any) -> None:
    with chatting(answer) as chat:
        people = [*chat.enter("Ada"), chat.guest()]
        for person in people:
            for message in ("hello", '{"type":"dance"}', '{"type":"say"}'):
                got = person.reaction(message, "that is a mistake", *_EFFECTS)
                if got is CLOSED:
                    break  # another rule tells about that
                if not (is_error(got) or any(has_type(got, effect) for effect in _EFFECTS)):
                    problem = "the answer to a mistake is no such error"
                    raise person.client.finding(problem, ERROR, show(got))


@rule("no JSON")
def _no_json(answer: Any) -> None:
    nan = json.dumps({"type": "say", "text": "Hello", "n": math.nan})
    broken = [("that is no JSON", message) for message in NOT_JSON]
    _refuses(answer, [*broken, ("NaN is no JSON", nan)])


@rule("Every text message is a JSON object with a `type`")
def _object(answer: Any) -> None:
    others = ('["say","Hello"]', "null", '"say"', "5", "true", "[]", '["type"]')
    without = ("{}", '{"text":"Hello"}', '{"Type":"say","text":"Hello"}')
    pairs = [("that is no object", message) for message in others]
    _refuses(answer, pairs + [("it has no type", message) for message in without])


@rule("another type")
def _another_type(answer: Any) -> None:
    others = ("dance", "", "SAY", "say ", "said", "joined", "left", "welcome", "error")
    fields = {"name": "Ada", "text": "Hello"}
    pairs = [(f"the type is {type!r}", json.dumps({"type": type} | fields)) for type in others]
    for what, value in {"a list with 'say'": ["say"], **_VALUES}.items():
        pairs.append((f"the type is {what}", json.dumps({"type": value} | fields)))
    _refuses(answer, pairs)


@rule("wrong fields")
def _wrong_fields(answer: Any) -> None:
    without = ('{"type":"say"}', '{"type":"say","Text":"Hello"}')
    pairs = [("there is no text", message) for message in without]
    for what, value in _VALUES.items():
        if not isinstance(value, str):
            message = json.dumps({"type": "say", "text": value})
            pairs.append((f"the text of a 'say' is {what}", message))
    _refuses(answer, pairs)


def _join(name: Any) -> str:
    return json.dumps({"type": "join", "name": name})


@rule("a string of 1 to 20 characters")
def _name(answer: Any) -> None:
    texts = ("quotes", "a blank", "blanks at the ends", "other scripts", "a number", "HTML")
    good = ("x", "x" * 20, "ß" * 20, "🎉" * 20, *(awkward.TEXTS[what][:20] for what in texts))
    bad = {"an empty text": "", "21 characters": "x" * 21, "500 characters": "x" * 500}
    bad |= {what: value for what, value in _VALUES.items() if not isinstance(value, str)}
    with chatting(answer) as chat:
        (ada,) = chat.enter("Ada")
        for name in good:
            person = chat.guest()
            got = person.reaction(_join(name), f"the name is {name!r}", "welcome", "joined")
            if has_type(got, "error"):
                problem = f"the name is {name!r}, and it was refused"
                raise person.client.finding(problem, "a welcome", show(got))
            ada.say("who is it?")
            for joined in ada.until_said(ada, "who is it?"):
                if has_type(joined, "joined") and joined.get("name") not in (
                    name,
                    ada.name,
                    None,
                ):
                    problem = f"the name is {name!r}, and it joins with another one"
                    raise ada.client.finding(problem, show(name), show(joined))
            person.client.close()
        person = chat.guest()
        missing = {"missing": '{"type":"join"}'}
        for what, message in {**missing, **{k: _join(v) for k, v in bad.items()}}.items():
            if is_closed(person.client):
                person = chat.guest()
            _expect_refusal(person, message, f"the name is {what}", "welcome", "joined")


@rule("that nobody here has")
def _nobody_has(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        for here in (ada, grace):
            guest = chat.guest()
            what = "somebody here has this name"
            _expect_refusal(guest, _join(here.name), what, "welcome", "joined")
            if is_closed(guest.client):
                continue  # another rule tells about that
            name = guest.name if here is ada else ada.name.upper()
            what = f"nobody here has the name {name!r}"
            got = guest.reaction(_join(name), what, "welcome", "joined")
            if has_type(got, "error"):
                raise guest.client.finding(f"{what}, and it was refused", "a welcome", show(got))


@rule("`say` or `attach` before `join`")
def _before_join(answer: Any) -> None:
    attach = '{"type":"attach","filename":"a.bin","size":3}'
    with chatting(answer) as chat:
        (ada,) = chat.enter("Ada")
        for messages in ((_SAY,), (attach,), (attach, b"abc")):
            guest = chat.guest()
            for message in messages:
                what = "a client that has not joined sent it"
                _expect_refusal(guest, message, what, *_EFFECTS)
            for came in chat.fence(ada, ada):
                if said := [m for m in came if has_type(m, "said") or has_type(m, "attached")]:
                    problem = "somebody who has not joined sends it, and everybody gets it"
                    raise guest.client.finding(problem, ERROR, show(said))


@rule("a second `join`")
def _second_join(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        for name in (chat.name("Ada"), ada.name, chat.name("Ada")):
            what = "it has joined already"
            got = ada.reaction(_join(name), what, "welcome")
            if got is CLOSED:
                return  # another rule tells about that
            if has_type(got, "welcome"):
                raise ada.client.finding(f"{what}, and joins again", ERROR, json_text(got))
            text = chat.name("I am still the same")
            ada.say(text)
            try:
                _, said = grace.hear("it speaks after a second 'join'", type="said", text=text)
            except Finding:
                if is_closed(ada.client):
                    return  # another rule tells about that
                raise
            if said.get("name") not in (None, ada.name):
                problem = "after a second 'join' it has another name"
                raise grace.client.finding(problem, f"the name {ada.name!r}", show(said))


def _mistakes(name: str) -> tuple[str | bytes, ...]:
    """Messages that are wrong whoever sends them, where this name is taken."""
    return ("hello", "[1]", '{"type":"dance"}', '{"type":"say","text":5}', _join(name), b"abc")


@rule("everybody else gets nothing")
def _nothing_for_others(answer: Any) -> None:
    with chatting(answer) as chat:
        ada, grace = chat.enter("Ada", "Grace")
        guest = chat.guest()
        chat.fence(ada, ada, grace)
        for message in _mistakes(ada.name):
            for person in (ada, guest):
                got = person.reaction(message, "that is a mistake", *_EFFECTS)
                if got is CLOSED or any(has_type(got, effect) for effect in _EFFECTS):
                    return  # another rule tells about that
            _, came = chat.fence(ada, ada, grace)
            if came:
                problem = f"others sent {show(message)}, and a message came here, too"
                raise grace.client.finding(problem, "nothing", show(came))


@rule("the connection stays open")
def _stays_open(answer: Any) -> None:
    with chatting(answer) as chat:
        for person in (*chat.enter("Ada"), chat.guest()):
            awful = (
                *_mistakes(person.name),
                _SAY,
                '{"type":"say"}',
                *AWFUL,
                b"",
                b"\xff\xfe",
                _join([]),
                _join({}),
                _join("\ud800"),
                '{"type":"say","text":"\\ud800"}',
                '{"type":"say","text":[[{}]]}',
                f'{{"type":"say","text":{awkward.DEEP}}}',
                '{"type":"attach","filename":"a","size":1' + "0" * 400 + "}",
                '{"type":"attach","filename":"\\ud800","size":NaN}',
                '{"type":"attach","filename":[],"size":{}}',
                "hello",
            )
            for message in awful:
                person.client.send(message)
                try:
                    person.client.receive("an answer", "it came")
                except Finding:
                    if is_closed(person.client):
                        raise  # if it is only silent, another rule tells about that


MISTAKES: Final = (
    _error,
    _object,
    _another_type,
    _wrong_fields,
    _name,
    _nobody_has,
    _before_join,
    _second_join,
    _nothing_for_others,
    _stays_open,
)


# Last of all rules: NaN, which `json.loads()` lets in, is no reason to keep silent about the rest.
NO_JSON: Final = (_no_json,)
