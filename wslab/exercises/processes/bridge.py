"""Exercise 9.8: The bus is back."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Fault, Finding, awkward
from wslab.exercises._rule import rule

from ._outages import Step, World

__all__ = ["EXERCISE"]

GAP = "gap"

LOST, NO_BUS, HALF = Step(), Step(refused=True), Step(subscriptions=1)
ATTEMPTS = 60
NEWS = (("tea", "news"), ("coffee", "news"))


def _run(answer: Any, *steps: Step, last: tuple[tuple[str, str], ...] = ()) -> World:
    world = World(*steps, last=last).run(answer)
    if isinstance(world.failure, Fault):
        raise world.failure
    return world


def _finding(problem: str, sent: str, expected: str, world: World) -> Finding:
    return Finding(problem, sent=sent, expected=expected, got=world.words())


@rule("Subscribe to all `rooms`")
def _subscribes(answer: Any) -> None:
    world = _run(answer)
    if {"tea", "coffee"} - world.subscribed(1):
        problem = "what is said in a room passes this process by"
        expected = "connection.subscribe('tea') and ('coffee')"
        raise _finding(problem, "a bus that is there", expected, world)


@rule("and give each message to its room")
def _delivers(answer: Any) -> None:
    messages = (
        ("tea", "one"),
        ("tea", "one"),
        ("coffee", awkward.TEXTS["empty"]),
        ("coffee", awkward.TEXTS["quotes"]),
        ("tea", "two"),
    )
    world = _run(answer, last=messages)
    told = [entry[1:] for entry in world.log if entry[0] == "told" and entry[2] != GAP]
    if told != list(messages):
        problem = "the rooms were told something else"
        sent = f"over the bus: {list(messages)}"
        raise _finding(problem, sent, "rooms['tea']('one'), and so on", world)
    world = _run(answer, LOST, last=(("cake", "new"),))
    if "cake" in world.subscribed(2) and world.told("new") != ["cake"]:
        problem = "somebody has entered the room cake meanwhile"
        raise _finding(problem, "('cake', 'new') over the bus", "rooms['cake']('new')", world)


@rule("When the bus is lost, connect again")
def _again(answer: Any) -> None:
    world = _run(answer, LOST)
    if ("connect", 2) not in world.log:
        problem = "the process is deaf from then on"
        raise _finding(problem, "a connection that is lost", "connect(), twice", world)


@rule("for as long as it takes")
def _patience(answer: Any) -> None:
    for name, step in (("connect()", NO_BUS), ("subscribe()", HALF)):
        world = _run(answer, LOST, *[step] * ATTEMPTS)
        if ("connect", 2) in world.log and ("connect", ATTEMPTS + 2) not in world.log:
            problem = "it gave up, and the bus would have been there again"
            times = f"{ATTEMPTS} times"
            sent = f"a connection that is lost, then {name} raises ConnectionError {times}"
            raise _finding(problem, sent, "connect(), once more", world)


@rule("with `await pause()` before each attempt but the first")
def _pauses(answer: Any) -> None:
    steps = (LOST, NO_BUS, NO_BUS, LOST)
    world = _run(answer, *steps)
    kinds = [entry[0] for entry in world.log if entry[0] in ("pause", "connect")]
    wanted = ["connect", *(["pause", "connect"] * kinds[1:].count("connect"))]
    if kinds[: len(wanted)] != wanted:
        problem = "without a pause, all processes call on a bus that has just come back"
        sent = "a bus that is lost, and is not there for two attempts"
        raise _finding(problem, sent, "connect, pause, connect, pause, …", world)


@rule("Each time all rooms are subscribed anew")
def _anew(answer: Any) -> None:
    world = _run(answer, LOST, LOST)
    for number in (2, 3):
        missing = {"tea", "coffee", "cake"} - world.subscribed(number)
        if ("connect", number) in world.log and missing:
            problem = f"a new connection knows of no subscription: {', '.join(missing)} is missing"
            sent = "a connection that is lost; meanwhile somebody enters the room cake"
            raise _finding(problem, sent, "all three rooms are subscribed", world)


@rule("also those that were added meanwhile")
def _added(answer: Any) -> None:
    world = _run(answer, LOST, Step(joined="milk"))
    if ("connect", 2) in world.log and ("connect", 3) not in world.log:
        problem = "it ended when somebody entered a room while the others were subscribed"
        sent = "a connection that is lost; the room milk, while rooms are subscribed anew"
        raise _finding(problem, sent, "it goes on", world)
    missing = "milk" not in world.subscribed(3)
    if ("connect", 3) in world.log and missing and "cake" in world.subscribed(3):
        problem = "a new connection knows of no subscription: milk is missing"
        sent = "a connection that is lost, twice; somebody enters the room milk"
        raise _finding(problem, sent, "milk is subscribed, too", world)


@rule("and once they are")
def _whole(answer: Any) -> None:
    world = _run(answer, LOST)
    log = world.log[world.outage() :]
    told = [place for place, entry in enumerate(log) if entry[0] == "told" and entry[2] == GAP]
    late = {e[2] for e in log[told[0] :] if e[:2] == ("subscribed", 2)} if told else set()
    if late:
        problem = f"too early: what is said until {', '.join(sorted(late))} is subscribed is lost"
        expected = "all rooms are subscribed before any is told"
        raise _finding(problem, "a connection that is lost", expected, world)


@rule("each is told `gap`")
def _told(answer: Any) -> None:
    world = _run(answer, LOST, last=NEWS)
    missing = set(world.rooms) - set(world.told(GAP))
    if ("connect", 2) in world.log and missing:
        problem = f"nobody says in {', '.join(sorted(missing))} that something may be missing"
        expected = "rooms[room]('gap') for each room"
        raise _finding(problem, "a connection that is lost", expected, world)


@rule("once for each outage")
def _once(answer: Any) -> None:
    world = _run(answer, LOST, NO_BUS, HALF, NO_BUS, LOST)
    if world.log[world.outage() :].count(("told", "tea", GAP)) > 2:
        problem = "the same gap is told again and again"
        sent = "two outages; in the first one, three attempts fail"
        raise _finding(problem, sent, "rooms['tea']('gap'), twice", world)


@rule("before any new message")
def _before(answer: Any) -> None:
    world = _run(answer, LOST, last=NEWS)
    for room in ("tea", "coffee"):
        log = world.log[world.outage() :]
        said = [entry[2] for entry in log if entry[:2] == ("told", room)]
        if GAP in said and "news" in said and said.index(GAP) > said.index("news"):
            problem = "a client that asks for what it missed would ask with the wrong last message"
            sent = "a connection that is lost; over the next one comes 'news'"
            raise _finding(problem, sent, "gap, then news", world)


@rule("At the first start nobody is told")
def _first(answer: Any) -> None:
    world = _run(answer, last=NEWS)
    if world.told(GAP):
        problem = "nobody can have missed anything yet"
        raise _finding(problem, "a bus that is there at once", "no gap", world)
    world = _run(answer, NO_BUS, Step(subscriptions=0), last=NEWS)
    if "news" in [entry[-1] for entry in world.log] and world.told(GAP):
        problem = "nobody can have missed anything yet"
        raise _finding(problem, "a bus that is there at the third attempt", "no gap", world)


@rule("until it is cancelled")
def _cancelled(answer: Any) -> None:
    world = _run(answer, LOST)
    if not world.cancelled:
        problem = "it was cancelled, and went on: the program could not end"
        raise _finding(problem, "task.cancel()", "it ends", world)


EXERCISE = Exercise(
    id="9.8",
    title="The bus is back",
    task=(
        "Write `bridge(connect, rooms, pause)`, an `async` function that keeps a process "
        "subscribed until it is cancelled. `await connect()` returns a connection to the bus, "
        "`await connection.subscribe(room)` subscribes to a room, and `async for room, message in "
        "connection:` gives what is published there. Each of the three raises `ConnectionError` "
        "when the bus is lost. `rooms` is a dict of functions: `rooms[room](message)` tells all "
        "clients of a room. Subscribe to all `rooms`, and give each message to its room. When the "
        "bus is lost, connect again, for as long as it takes, with `await pause()` before each "
        "attempt but the first. Each time all rooms are subscribed anew, also those that were "
        'added meanwhile, and once they are, each is told `gap` (`rooms[room]("gap")`), once for '
        "each outage, before any new message. At the first start nobody is told."
    ),
    name="bridge",
    starter="""
async def bridge(connect, rooms, pause):
    # your code
    ...
""",
    hints=(
        "An endless loop around a `try`: connect, subscribe, read. What comes after "
        "`except ConnectionError`?",
        "Whether there was an outage is a flag. Where is it set, and where is it cleared? An "
        "attempt that fails half-way belongs to the same outage.",
        "`for room in list(rooms): await connection.subscribe(room)`, then the notices, then "
        "`async for`. `CancelledError` is no `Exception`: let it pass.",
    ),
    solution="""
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            if had_bus:
                for tell in list(rooms.values()):
                    tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()
""",
    explanation=(
        "The notice comes when all rooms are subscribed, for only then is the gap over: a client "
        "that asked earlier for what it missed could miss something again. redis-py's `listen()` "
        "connects and subscribes again by itself, but says nothing, so this loop would not know "
        "of the outage: the lesson turns that off. `pause()` stands for backoff with jitter."
    ),
    rules=(
        _cancelled,
        _subscribes,
        _delivers,
        _again,
        _patience,
        _pauses,
        _anew,
        _added,
        _whole,
        _told,
        _once,
        _before,
        _first,
    ),
    minutes=20,
    difficulty=2,
    needs="When Redis fails",
)
