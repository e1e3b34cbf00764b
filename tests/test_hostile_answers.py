"""Every check survives every answer: what is no function, never ends, floods or breaks things."""

from __future__ import annotations

import time

import pytest
from answer_cells import define, spins
from judging import BOUND, cannot_interrupt, hostile, impatience

from wslab.exercises import EXERCISES, Exercise, check
from wslab.exercises._check import Check

pytestmark = [
    pytest.mark.usefixtures("data_folder"),
    # A thread that is ended between opening a socket and handing it over leaves it to the garbage
    # collector, which may come in any later test. `clean` looks for sockets that stay open.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

clean = pytest.mark.usefixtures("leaves_nothing")

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)


@clean
@each_exercise
def test_wrong_kind_of_object(exercise: Exercise) -> None:
    """What cannot be an answer is a finding, not an exception."""
    for answer in [None, 5, "text", b"bytes", object(), [], {"a": 1}, int, Check]:
        result = check(exercise.id, answer)
        assert result.outcome == "not yet"
        assert result.finding is not None
        assert result.finding.problem


@each_exercise
def test_wrong_number_of_parameters(exercise: Exercise) -> None:
    """A function of six parameters fits nowhere."""

    for kind in ("def", "async def"):
        answer = define(f"{kind} answer(a, b, c, d, e, f): pass", "answer")
        assert check(exercise.id, answer).outcome == "not yet"


@clean
@each_exercise
@hostile
def test_answer_that_ends_the_program(exercise: Exercise) -> None:
    """It ends nothing but itself."""
    for kind in ["SystemExit", "KeyboardInterrupt", "asyncio.CancelledError"]:
        code = f"import asyncio\nasync def answer(*arguments): raise {kind}('enough')"
        with impatience():
            result = check(exercise.id, define(code, "answer"))
        assert result.outcome == "not yet"
        assert result.finding is not None


# Of a server, a client and a function: what any of them may do to the machinery around it.
HANDLERS = {
    "spins": "while True: pass",
    "sleeps": "time.sleep(1.5)",
    "waits for ever": "await asyncio.get_running_loop().create_future()",
    "swallows everything": (
        "while True:\n  try: await asyncio.sleep(3600)\n  except BaseException: pass"
    ),
    "catches everything": "while True:\n  try: await ws.recv()\n  except: pass",
    "floods": "while True: await ws.send('flood' * 1000)",
    "prints": "print('x' * 100_000)\nawait ws.send('x')",
    "closes its loop": "asyncio.get_running_loop().close()",
    "cancels all tasks": "for task in asyncio.all_tasks(): task.cancel()\nawait ws.recv()",
    "ends a task's program": (
        "async def end(): raise KeyboardInterrupt\n"
        "asyncio.create_task(end())\nawait ws.wait_closed()"
    ),
    "cuts its own connection": "ws.transport.abort()\nawait ws.send('x')",
    "recurs": "def deeper(): deeper()\ndeeper()",
    "raises what cannot be shown": (
        "class Evil(Exception):\n  def __str__(self): raise SystemExit\n  __repr__ = __str__\n"
        "raise Evil"
    ),
    "makes a mess in finally": "try: await ws.recv()\nfinally: await asyncio.sleep(3600)",
}


CLIENTS = {
    "spins": "while True: pass",
    "sleeps": "time.sleep(1.5)",
    "never leaves": "with connect(url) as ws:\n  for message in ws: pass\n  time.sleep(1.5)",
    "catches everything": (
        "with connect(url) as ws:\n  while True:\n    try: ws.recv()\n    except: pass"
    ),
    "catches everything of a closed connection": (
        "with connect(url) as ws: pass\nwhile True:\n  try: ws.recv()\n  except: pass"
    ),
    "floods": "with connect(url) as ws:\n  while True: ws.send(bytes(100_000))",
    "connects in vain": "connect('ws://127.0.0.1:9')",
    "prints": "print('x' * 100_000)",
    "recurs": "return client(url)",
    "raises what cannot be shown": (
        "class Evil(BaseException):\n  def __str__(self): raise SystemExit\n"
        "  __repr__ = __str__\nraise Evil"
    ),
    "returns what cannot be shown": (
        "class Evil:\n  def __repr__(self): raise ValueError\nreturn Evil()"
    ),
    "returns what cannot be compared": (
        "class Evil:\n  def __eq__(self, other): raise ValueError\n  __hash__ = None\nreturn Evil()"
    ),
    "ends the program on the way": "import sys\nsys.exit(3)",
}


ASYNC_CLIENTS = {
    "spins": "while True: pass",
    "waits for ever": "await asyncio.get_running_loop().create_future()",
    "swallows everything": HANDLERS["swallows everything"],
    "closes its loop": "asyncio.get_running_loop().close()",
    "stops its loop": "asyncio.get_running_loop().stop()\nawait asyncio.sleep(3600)",
    "cancels all tasks": "for task in asyncio.all_tasks(): task.cancel()\nawait asyncio.sleep(1)",
    "leaves tasks": "for _ in range(9): asyncio.create_task(asyncio.sleep(3600))",
}


PREAMBLE = "import asyncio, time\nfrom websockets.sync.client import connect\n"


def body(code: str) -> str:
    """Indent the body of a function."""
    return "".join(f"  {line}\n" for line in code.splitlines())


HOSTILE = [
    pytest.param(
        id,
        source := f"{PREAMBLE}{head}\n{body(code)}",
        id=f"{id} {kind} {what}",
        marks=[pytest.mark.no_cover] if spins(source) else [],  # it cannot be ended beside a tracer
    )
    for id, kind, head, codes in [
        ("2.2", "server", "async def client(ws):", HANDLERS),
        ("1.2", "client", "def client(url):", CLIENTS),
        ("1.2", "async client", "async def client(url):", ASYNC_CLIENTS),
        ("3.4", "function", "def client(url):", {k: CLIENTS[k] for k in list(CLIENTS)[-5:]}),
    ]
    for what, code in codes.items()
]


@clean
@hostile
@pytest.mark.slow
class TestHostileAnswers:  # a class, so that xdist may run them beside all the others
    @pytest.mark.parametrize(("id", "code"), HOSTILE)
    def test_finding(self, id: str, code: str) -> None:
        """It gets a finding, in time, and the next check is as good as ever."""
        if cannot_interrupt() and spins(code):
            pytest.skip("it could not be interrupted")
        began = time.monotonic()
        with impatience():
            result = check(id, define(code, "client"))
        assert time.monotonic() - began < BOUND
        assert result.outcome == "not yet"
        assert str(result)
        assert result._repr_mimebundle_()["text/html"]
        exercise = EXERCISES[id]
        assert check(id, define(exercise.solution, exercise.name))


@clean
@hostile
@pytest.mark.no_cover  # which cannot be ended beside a tracer
@pytest.mark.slow
def test_check_is_bounded_in_time() -> None:
    """Also with all the patience that it has, and an answer that never awaits."""
    began = time.monotonic()
    assert not check("2.3", define("async def headcount(ws):\n  while True: pass", "headcount"))
    assert time.monotonic() - began < BOUND
