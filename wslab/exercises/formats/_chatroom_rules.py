"""How exercise 5.6 is judged."""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any, Final

from wslab.exercises._judge import Client, answering, during, show, small_socket

from ._chat import Chat, Person
from ._shared import NESTED, expect_error, matches

__all__ = ["probe_chatroom"]


def probe_chatroom(answer: Any) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(answering(answer, sock=stack.enter_context(small_socket())))
        chat = Chat(server)
        _play_join_and_say(chat)
        server.come_and_go()
        with during("bad messages"):
            server.serve_crowd("Hello", _expect_any_error)
        _play_not_joined(chat)
        _play_mistakes(chat)
        _play_names(chat)
        _play_attachments(chat)
        _play_bad_attachments(chat)
        _play_leaving(chat)
        _play_history(chat)
        _play_slow(chat)
        _play_deaths(chat)
        server.expect_handlers_to_end("a handler goes on after its client has left")


def _expect_any_error(client: Client, problem: str) -> None:
    expect_error(client, f"what is not JSON should get an error ({problem})")


def _play_join_and_say(chat: Chat) -> None:
    with chat.scene("join and say") as clients:
        ada = chat.enter(clients, "Ada")
        chat.say(ada, "Hello, is anybody here?")
        grace = chat.enter(clients, "Grace")
        chat.say(grace, "Yes, I am")
        for text in ('She said "no"\nand left', "Grüße, 世界", secrets.token_hex(4)):
            chat.say(ada, text)
            chat.say(grace, text)
        chat.enter(clients, "Lin")
        chat.say(grace, "Now we are three")


def _play_not_joined(chat: Chat) -> None:
    with chat.scene("before a client has joined") as clients:
        ada = chat.enter(clients, "Ada")
        guest = chat.connect(clients, "Guest")
        guest.client.barrier()
        chat.say(ada, "Nobody else should hear this")
        chat.attach(ada, b"nor see this")
        guest.send(type="say", text="Hello?")
        guest.expect_error("it should get nothing but an error for a 'say'")
        guest.refused('{"type":"attach","filename":"a.txt","size":3}', "an announcement")
        guest.refused(b"abc", "a binary message")
        guest.refused("Hello", "what is not JSON")
        chat.say(ada, "One", "an error is for the client that made the mistake, nobody else")
        chat.join(guest)
        guest.refused(b"abc", "after it has joined, a binary message without announcement")
        chat.say(guest, "Hello!")


_CHAT_MISTAKES: Final[list[tuple[str, str | bytes]]] = [
    ("what is not JSON", "Hello"),
    ("an empty message", ""),
    ("JSON that is cut off", '{"type":"say","text":"Hello"'),
    ("a list", '["say","Hello"]'),
    ("null", "null"),
    ("a JSON string", '"say"'),
    ("an object without a type", '{"text":"Hello"}'),
    ("an unknown type", '{"type":"dance"}'),
    ("a type that only the server sends", '{"type":"said","name":"Ada","text":"Hello"}'),
    ("a type that is a list", '{"type":["say"],"text":"Hello"}'),
    ("a 'say' without a text", '{"type":"say"}'),
    ("a 'say' whose text is a number", '{"type":"say","text":5}'),
    ("a 'say' whose text is null", '{"type":"say","text":null}'),
    ("NaN, which is not JSON,", '{"type":"say","text":"Hello","n":NaN}'),
    ("a message of 100,000 brackets", NESTED),
    ("a binary message without announcement", b"\x00\x01"),
    ("JSON in a binary message", b'{"type":"say","text":"Hello"}'),
    ("an empty binary message", b""),
]


def _play_mistakes(chat: Chat) -> None:
    with chat.scene("mistakes") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        guest = chat.connect(clients, "Guest")
        for what, message in _CHAT_MISTAKES:
            ada.refused(message, what)
            guest.refused(message, f"before joining, {what}")
            problem = f"after {what}: the others should get nothing of it, and all go on"
            chat.say(ada, f"sorry for {what}", problem)
        chat.join(guest)
        chat.say(grace, "never mind")


def _play_names(chat: Chat) -> None:
    with chat.scene("names") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.connect(clients, "Grace")
        taken = json.dumps({"type": "join", "name": ada.name})
        grace.refused(taken, "a name that somebody here has")
        grace.refused('{"type":"say","text":"Am I in?"}', "a 'say' after a join that was refused")
        bad: list[tuple[str, Any]] = [
            ("an empty name", ""),
            ("a name of 21 characters", "x" * 21),
            ("a name that is a number", 5),
            ("a name that is null", None),
            ("a name that is a list", [grace.name]),
        ]
        for what, name in bad:
            grace.refused(json.dumps({"type": "join", "name": name}), what)
        grace.refused('{"type":"join"}', "a join without a name")
        chat.join(grace)
        chat.say(ada, "Hello, Grace")
        grace.refused(json.dumps({"type": "join", "name": f"{grace.name}!"}), "a second join")
        grace.refused(json.dumps({"type": "join", "name": grace.name}), "a second join")
        chat.say(grace, "I am still Grace", "after a second join, the name should be the first")
        lin = chat.connect(clients, "Lin")
        lin.name = f"{secrets.token_hex(4)} Grüße {'ß' * 20}"[:20]
        chat.join(lin)
        chat.say(lin, "A name may have 20 characters")


def _play_attachments(chat: Chat) -> None:
    with chat.scene("attachments") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        chat.attach(ada, b"\x89PNG and so on")
        text_like = b'{"type":"say","text":"Hello"}'
        for data in (b"\x00", text_like, secrets.token_bytes(1000), bytes(100_000)):
            chat.attach(grace, data)
        ada.send(type="attach", filename="ada.bin", size=3)
        ada.client.barrier()
        chat.say(grace, "x", "an announcement alone should be sent to nobody")
        # Each client has an announcement of its own.
        grace.send(type="attach", filename="grace.bin", size=5)
        grace.client.barrier()
        ada.client.send(b"ada")
        chat.everybody_gets(ada, "ada.bin", b"ada")
        grace.client.send(b"grace")
        chat.everybody_gets(grace, "grace.bin", b"grace")
        chat.say(ada, "Did you get it?")


_BAD_ANNOUNCEMENTS: Final = [
    ("without a filename", '{"type":"attach","size":3}'),
    ("with a filename that is a number", '{"type":"attach","filename":5,"size":3}'),
    ("without a size", '{"type":"attach","filename":"a"}'),
    ("with a size that is a string", '{"type":"attach","filename":"a","size":"3"}'),
    ("with a size of 0", '{"type":"attach","filename":"a","size":0}'),
    ("with a size of -3", '{"type":"attach","filename":"a","size":-3}'),
    ("with a size of 2.5", '{"type":"attach","filename":"a","size":2.5}'),
    ("with a size of 100,001", '{"type":"attach","filename":"a","size":100001}'),
]


def _play_bad_attachments(chat: Chat) -> None:
    with chat.scene("bad attachments") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        for what, message in _BAD_ANNOUNCEMENTS:
            ada.refused(message, f"an announcement {what}")
            ada.refused(b"abc", f"a binary message after an announcement {what}")
        chat.say(ada, "sorry", "nobody else should get anything of an announcement that is wrong")
        for data in (b"four", b"to", b"", bytes(1000)):
            ada.send(type="attach", filename="three.bin", size=3)
            ada.refused(data, f"{len(data)} bytes where 3 are announced")
            ada.refused(
                b"abc", "the right bytes after the wrong ones, when the announcement is used up,"
            )
        ada.send(type="attach", filename="three.bin", size=3)
        ada.client.send(b"abc")
        chat.everybody_gets(ada, "three.bin", b"abc")
        ada.refused(b"abc", "a second binary message after one announcement")
        ada.send(type="attach", filename="three.bin", size=3)
        chat.say(ada, "wait", "a text after an announcement should be handled as always")
        ada.refused(b"abc", "a binary message that is not the next one after its announcement")
        ada.send(type="attach", filename="three.bin", size=3)
        ada.refused("Hello", "what is not JSON, after an announcement,")
        ada.refused(b"abc", "a binary message that is not the next one after its announcement")
        chat.say(grace, "What are you doing?", "nobody else should get anything of all that")
        chat.attach(ada, b"at last")


def _play_leaving(chat: Chat) -> None:
    with chat.scene("leaving") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        with chat.server.client() as guest:
            guest.send("Hello")
            guest.receive("an error")
        chat.server.wait_for_handlers(2)
        chat.say(ada, "Who was that?", "who has not joined should leave without a 'left'")
        for how, code in (("leaves with 1000", 1000), ("leaves with 4001", 4001)):
            lin = chat.enter(clients, "Lin")
            lin.client.ws.close(code)
            chat.leaves(lin, how)
            again = chat.connect(clients, "Lin")
            again.name = lin.name
            with during("the name of somebody who has left should be free"):
                chat.join(again)
            again.client.vanish()
            chat.leaves(again, "vanishes without a CLOSE")
        joan = chat.enter(clients, "Joan")
        joan.send(type="attach", filename="a.bin", size=10)
        joan.client.barrier()
        joan.client.vanish()
        chat.leaves(joan, "vanishes after an announcement")
        chat.say(grace, "Only two left", "who has left should be reported once")
        chat.say(ada, "Yes")


def _play_history(chat: Chat) -> None:
    with chat.scene("history") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        said: list[dict[str, str]] = []

        def say(speaker: Person, text: str) -> None:
            chat.say(speaker, text)
            said.append({"type": "said", "name": speaker.name, "text": text})

        def check(history: list[Any], who: Person) -> None:
            right = len(history) == 10 and all(map(matches, history, said[-10:]))
            if not right:
                problem = "the history should be the last ten 'said', oldest first"
                got = ", ".join(show(item) for item in history) or "an empty history"
                wanted = ", ".join(show(item["text"]) for item in said[-10:])
                raise who.client.finding(problem, f"the texts {wanted}", got)

        for n in range(7):
            say(ada, f"number {n}")
            say(grace, f"and {secrets.token_hex(2)}")
        chat.attach(ada, b"not in the history")
        grace.refused("Hello", "what is not JSON")
        grace.client.ws.close()
        chat.leaves(grace, "leaves")
        lin = chat.connect(clients, "Lin")
        check(chat.join(lin), lin)
        say(lin, "What have I missed?")
        joan = chat.connect(clients, "Joan")
        check(chat.join(joan), joan)

    with chat.scene("who joins while somebody speaks") as clients:
        ada = chat.enter(clients, "Ada")
        late = [chat.connect(clients, f"Late {n}") for n in range(4)]
        for n in range(60):
            ada.send(type="say", text=str(n))
            if n % 12 == 11 and n < 59:
                late[n // 12].send(type="join", name=late[n // 12].name)
        chat.people = [ada, *late]  # for their names
        everything = [str(n) for n in range(60)]
        problem = "from the history on, nothing should be missing and nothing come twice"
        for person in (ada, *late):
            history = [] if person is ada else person.expect_welcome()
            texts = [each["text"] for each in history if _from(each, ada) and "text" in each]
            for _ in range(70):  # at most: 60 'said', and who has joined
                if texts[-1:] == ["59"]:
                    break
                got = person.receive("the next 'said'", problem)
                if _from(got, ada):
                    texts.append(got.get("text"))
            if not texts or texts != everything[-len(texts) :]:
                wanted = f"the texts from {show(texts[0]) if texts else '0'} on to '59'"
                raise person.client.finding(problem, wanted, show(texts))


def _from(value: Any, speaker: Person) -> bool:
    return matches(value, {"type": "said", "name": speaker.name})


def _play_slow(chat: Chat) -> None:
    with chat.scene("while one client does not read") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        deaf = clients.enter_context(chat.server.deaf_client())
        slow = Person(chat, deaf, f"Slow {secrets.token_hex(3)}")
        chat.join(slow)
        chat.people.remove(slow)
        chat.gone.add(slow.name)  # it may be thrown out for it
        for n in range(16):
            chat.attach(ada, bytes([n]) * 60_000)
            chat.say(grace, f"got number {n}")


def _play_deaths(chat: Chat) -> None:
    with chat.scene("when several clients vanish at once") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        dying = [chat.enter(clients, f"Mayfly {n}") for n in range(4)]
        for n, person in enumerate(dying):
            person.client.vanish()
            for part in range(5):
                ada.send(type="say", text=f"{n}.{part}")
        texts = [f"{n}.{part}" for n in range(4) for part in range(5)]
        for listener in (ada, grace):
            heard: list[Any] = []
            left: list[Any] = []
            wanted = "20 'said', and 4 'left' at any place between them"
            while len(heard) + len(left) < 24:
                got = listener.receive(wanted, "the others should go on")
                if _from(got, ada):
                    heard.append(got.get("text"))
                elif matches(got, {"type": "left"}):
                    left.append(got.get("name"))
                else:
                    problem = "there should be 'said' and 'left' now, nothing else"
                    raise listener.client.finding(problem, wanted, show(got))
            if heard != texts or sorted(map(str, left)) != sorted(one.name for one in dying):
                problem = "everything said should arrive in its order, and each 'left' once"
                raise listener.client.finding(problem, wanted, show([*heard, *left]))
        chat.people = [ada, grace]
        chat.gone.update(person.name for person in dying)
        chat.say(grace, "Only two left")
