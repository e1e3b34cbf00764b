"""Exercise 9.10: Who is here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Fault, Finding, call, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

TTL = 20


class _Store:
    """Sorted sets, as Redis has them: names with scores."""

    def __init__(self) -> None:
        self.sets: defaultdict[Any, dict[Any, float]] = defaultdict(dict)

    def zadd(self, key: Any, name: Any, score: float) -> None:
        self.sets[key][name] = score

    def zrem(self, key: Any, name: Any) -> None:
        self.sets[key].pop(name, None)

    def zrangebyscore(self, key: Any, low: float, high: float) -> list[Any]:
        found = [(score, name) for name, score in self.sets[key].items() if low <= score <= high]
        return [name for _, name in sorted(found)]

    def zremrangebyscore(self, key: Any, low: float, high: float) -> None:
        for name in self.zrangebyscore(key, low, high):
            del self.sets[key][name]

    def names(self) -> set[Any]:
        return {name for found in self.sets.values() for name in found}


class _Two:
    """Two processes with one store and one clock, and what was done."""

    def __init__(self, answer: Any, ttl: float = TTL) -> None:
        self.store, self.time, self.done = _Store(), 1_000_000.75, [f"ttl {ttl:g}"]
        arguments = self.store, lambda: self.time, ttl
        self._functions: dict[tuple[str, str], Any] = {}
        for process in ("one", "two"):
            made = call(answer, *arguments, timeout=CLIENT_TIMEOUT)
            if not (isinstance(made, tuple) and len(made) == 3 and all(map(callable, made))):
                expected = "three functions: renew, leave, present"
                raise Fault("it returns something else", sent="", expected=expected, got=show(made))
            for name, function in zip(("renew", "leave", "present"), made, strict=True):
                self._functions[process, name] = function

    def do(self, process: str, name: str, *arguments: Any) -> Any:
        self.done.append(f"{process}: {name}({', '.join(map(show, arguments))})")
        try:
            return call(self._functions[process, name], *arguments, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            finding.sent, finding.expected = self.sent(), "it returns"
            raise

    def later(self, seconds: float) -> None:
        self.time += seconds
        self.done.append(f"{seconds:g} s later")

    def sent(self) -> str:
        return "; ".join(self.done[-8:])

    def finding(self, problem: str, expected: str, got: str) -> Finding:
        return Finding(problem, sent=self.sent(), expected=expected, got=got)

    def present(self, process: str, room: str) -> list[Any]:
        """Who is present, for another rule than that about form and order."""
        found = self.do(process, "present", room)
        try:
            return sorted(found)
        except TypeError:
            return [found]

    def expect(self, process: str, room: str, names: list[str], problem: str) -> None:
        got = self.present(process, room)
        if got != names:
            raise self.finding(problem, show(names), show(got))


@rule("`present(room)` returns a sorted list of the names")
def _sorted(answer: Any) -> None:
    two = _Two(answer)
    names = ["Linus", "Ada", "Grace", "ada", *(f"guest {number}" for number in range(30, 10, -1))]
    for name in names:
        two.do("one", "renew", "tea", name)
        two.later(0.25)
    wanted, got = sorted(names), two.do("one", "present", "tea")
    if not same(got, wanted):
        raise two.finding("what it returns is something else", show(wanted), show(got))


@rule("of all processes")
def _all(answer: Any) -> None:
    two = _Two(answer)
    two.do("one", "renew", "tea", "Ada")
    two.do("two", "renew", "tea", "Grace")
    two.expect("two", "tea", ["Ada", "Grace"], "both are there, whichever process is asked")


@rule("in that room")
def _rooms(answer: Any) -> None:
    two = _Two(answer)
    two.do("one", "renew", "tea", "Ada")
    two.do("one", "renew", "coffee", "Lin")
    if "Ada" in two.present("one", "coffee"):
        problem, got = "Ada is in another room", show(["Ada", "Lin"])
        raise two.finding(problem, show(["Lin"]), got)


@rule("for `ttl` seconds")
def _stays(answer: Any) -> None:
    for ttl in (TTL, 0.5):
        two = _Two(answer, ttl)
        two.do("one", "renew", "tea", "Ada")
        two.later(ttl * 0.9)
        two.expect("one", "tea", ["Ada"], "her time is not over yet")
        two.do("one", "renew", "tea", "Grace")
        if "Ada" not in two.present("one", "tea"):
            problem = "Grace has come, and Ada's time is not over yet"
            raise two.finding(problem, show(["Ada", "Grace"]), show(["Grace"]))


@rule("no longer")
def _expires(answer: Any) -> None:
    for ttl in (TTL, 0.5):
        two = _Two(answer, ttl)
        two.do("one", "renew", "tea", "Ada")
        two.later(ttl * 1.1)
        if two.present("one", "tea"):
            problem = "process one was killed, and Ada is still shown"
            raise two.finding(problem, "[]", show(["Ada"]))


@rule("each `renew` begins them anew")
def _renewed(answer: Any) -> None:
    two = _Two(answer)
    two.do("one", "renew", "tea", "Ada")
    for _ in range(2):
        two.later(TTL * 0.4)
        two.do("one", "renew", "tea", "Ada")
    two.later(TTL * 0.4)
    two.expect("one", "tea", ["Ada"], "she was renewed in time, again and again")


@rule("`leave(room, name)` takes a name out at once")
def _leaves(answer: Any) -> None:
    two = _Two(answer)
    two.do("one", "renew", "tea", "Ada")
    two.do("one", "leave", "tea", "Ada")
    if two.present("one", "tea"):
        raise two.finding("Ada has left", "[]", show(["Ada"]))


@rule("and no other")
def _others_stay(answer: Any) -> None:
    two = _Two(answer)
    for room, name in (("tea", "Ada"), ("tea", "Grace"), ("coffee", "Ada")):
        two.do("one", "renew", room, name)
    two.do("one", "leave", "tea", "Ada")
    two.do("one", "leave", "tea", "Nobody")
    if "Grace" not in two.present("one", "tea") or "Ada" not in two.present("one", "coffee"):
        problem = "Ada has left /tea, Grace has not, and Ada is in /coffee still"
        raise two.finding(problem, "Grace in tea, Ada in coffee", "somebody is missing")


@rule("What has expired is removed from the store, too, when somebody is renewed in that room")
def _removed(answer: Any) -> None:
    two = _Two(answer)
    for number in range(20):
        two.do("one", "renew", "tea", f"guest {number}")
        two.later(TTL)
    two.later(1)
    two.do("one", "renew", "tea", "Ada")
    left = two.store.names()
    if len(left) > 1:
        problem = "the store grows with every guest that there ever was"
        raise two.finding(problem, "only Ada in the store", f"{len(left)} names")


EXERCISE = Exercise(
    id="9.10",
    title="Who is here",
    task=(
        "Write `guests(store, now, ttl)`. Each process calls it once, and gets three functions, "
        "`renew`, `leave` and `present`. All have the same `store`. It has sorted sets as Redis "
        "does, whose names have numbers (scores): `store.zadd(room, name, score)`, "
        "`store.zrem(room, name)`, `store.zrangebyscore(room, low, high)`, which returns the names "
        "with scores from `low` to `high`, and `store.zremrangebyscore(room, low, high)`, which "
        "removes them. `now()` gives the time of "
        "the store's clock in seconds. `renew(room, name)` says that somebody is there: for `ttl` "
        "seconds, no longer, and each `renew` begins them anew. `leave(room, name)` takes a name "
        "out at once, and no other. `present(room)` returns a sorted list of the names of all "
        "processes in that room. What has expired is removed from the store, too, when somebody "
        "is renewed in that room."
    ),
    name="guests",
    starter="""
import math


def guests(store, now, ttl):
    def renew(room, name): ...

    def leave(room, name): ...

    def present(room): ...

    return renew, leave, present
""",
    hints=(
        "Which number goes with a name? The time at which it expires: `now() + ttl`.",
        "Who is present expires later than now: `zrangebyscore(room, now(), math.inf)`. `zadd` "
        "with a name that is there replaces its number.",
        "`zremrangebyscore(room, -math.inf, now())` in `renew`. Nothing belongs into variables of "
        "the process: another one could not see it.",
    ),
    solution="""
import math


def guests(store, now, ttl):
    def renew(room, name):
        store.zremrangebyscore(room, -math.inf, now())
        store.zadd(room, name, now() + ttl)

    def leave(room, name):
        store.zrem(room, name)

    def present(room):
        return sorted(store.zrangebyscore(room, now(), math.inf))

    return renew, leave, present
""",
    explanation=(
        "A process that is killed says goodbye to nobody, so what it said must expire by itself. "
        "The score is the moment of expiry, on one clock for all. The lesson does the same in a "
        "script that Redis runs, so that nothing comes in between, and lets Redis drop the whole "
        "set once a room is empty (`EXPIRE`)."
    ),
    rules=(
        _sorted,
        _all,
        _rooms,
        _stays,
        _expires,
        _renewed,
        _leaves,
        _others_stay,
        _removed,
    ),
    minutes=15,
    difficulty=2,
    needs="Who is here?",
)
