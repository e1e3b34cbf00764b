"""Exercise 9.6: Who is here?"""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

SEEN = {"Lin": 95.0, "Ada": 99.5, "Eve": 60.0, "Grace": 100.0, "Bob": 89.9}


def _call(answer: Any, seen: dict[str, float]) -> tuple[Any, str]:
    """Call the function 100 seconds after zero, with a time to live of 10."""
    words = f"present({show(seen)}, 100.0, 10)"
    try:
        return call(answer, seen, 100.0, 10, timeout=CLIENT_TIMEOUT), words
    except Finding as finding:
        finding.sent, finding.expected = words, "a list of names"
        raise


def _names(answer: Any, seen: dict[str, float]) -> tuple[set[Any], str]:
    got, words = _call(answer, dict(seen))
    return set(got) if isinstance(got, list | tuple | set | dict) else {show(got)}, words


@rule("the names that were renewed less than `ttl` seconds ago")
def _fresh(answer: Any) -> None:
    for seen, wanted in ((SEEN, {"Lin", "Ada", "Grace"}), ({}, set()), ({"Ada": 95.0}, {"Ada"})):
        got, words = _names(answer, seen)
        if missing := wanted - got:
            problem = f"{', '.join(sorted(missing))} is here, and is not in the list"
            raise Finding(problem, sent=words, expected=show(sorted(wanted)), got=show(got))


@rule("no others")
def _others(answer: Any) -> None:
    for seen in (SEEN, {"Ada": 90.0}):  # exactly ttl ago is not less
        got, words = _names(answer, seen)
        wanted = {name for name, renewed in seen.items() if 100.0 - renewed < 10}
        if too_many := got - wanted:
            problem = f"{', '.join(map(str, too_many))} was not renewed in time"
            raise Finding(problem, sent=words, expected=show(sorted(wanted)), got=show(got))


@rule("a sorted list")
def _sorted(answer: Any) -> None:
    got, words = _call(answer, dict(SEEN))
    try:
        fine = isinstance(got, list) and got == sorted(got)
    except TypeError:
        fine = False
    if not fine:
        problem = "the names should come in one order, for everybody"
        raise Finding(problem, sent=words, expected="a sorted list", got=show(got))


@rule("forgets them")
def _forgets(answer: Any) -> None:
    seen = dict(SEEN)
    _, words = _call(answer, seen)
    if left := {"Eve", "Bob"} & seen.keys():
        problem = "who expired is kept in `seen`, which grows for ever"
        raise Finding(problem, sent=words, expected="seen without Eve and Bob", got=show(left))


@rule("`seen` keeps all others as they are")
def _keeps(answer: Any) -> None:
    seen = dict(SEEN)
    _, words = _call(answer, seen)
    wanted = {name: SEEN[name] for name in ("Lin", "Ada", "Grace")}
    kept = {name: seen.get(name) for name in wanted}
    if kept != wanted:
        problem = "who is here should stay in `seen`, with the time of the renewal"
        raise Finding(problem, sent=words, expected=show(wanted), got=show(seen))


EXERCISE = Exercise(
    id="9.6",
    title="Who is here?",
    task=(
        "Write `present(seen, now, ttl)`. `seen` is a dict: name → time in seconds at which the "
        "name was renewed last. Return a sorted list of the names that were renewed less than "
        "`ttl` seconds ago, and no others. The function also forgets them, the others: it deletes "
        "them from `seen`; `seen` keeps all others as they are."
    ),
    name="present",
    starter="""
def present(seen, now, ttl):
    # your code
    ...
""",
    hints=(
        "First find out who has expired, then delete them, then sort what is left.",
        "A dict must not change its size while you loop over it: loop over `list(seen)`.",
        "`now - seen[name] >= ttl`: expired.",
    ),
    solution="""
def present(seen, now, ttl):
    for name in list(seen):
        if now - seen[name] >= ttl:
            del seen[name]
    return sorted(seen)
""",
    explanation=(
        "This is what the sorted set of the lesson does in Redis: `ZREMRANGEBYSCORE` deletes who "
        "has expired, `ZRANGE` gives the others. Without the deletion each name that was ever "
        "here would stay for ever."
    ),
    rules=(_fresh, _others, _sorted, _forgets, _keeps),
    minutes=10,
    difficulty=1,
    needs="Who is here?",
)
