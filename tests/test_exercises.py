"""Tests of wslab.exercises: every exercise judges its own answers, and survives all others."""

from __future__ import annotations

import ast
import concurrent.futures
import contextlib
import importlib
import itertools
import json
import linecache
import pathlib
import pkgutil
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

import wslab.exercises
from wslab.exercises import EXERCISES, Exercise, _probe, _progress, check, hint, progress, solution
from wslab.exercises._exercise import Check, Finding, WrongAnswer, is_attempted
from wslab.transcript import Records
from wslab.wire import Decoder

pytestmark = [
    pytest.mark.usefixtures("data_folder"),
    # A thread that is ended between opening a socket and handing it over leaves it to the garbage
    # collector, which may come in any later test. `clean` looks for sockets that stay open.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

clean = pytest.mark.usefixtures("leaves_nothing")

MODULES: list[ModuleType] = [
    importlib.import_module(f"wslab.exercises.{module.name}")
    for module in pkgutil.iter_modules(wslab.exercises.__path__)
    if not module.name.startswith("_")
]
NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"

BOUND = 12.0
"""Seconds that a check may take at most, whatever the answer does."""

SLOW = {"2.5", "4.5", "6.4", "7.4", "8.1", "8.2", "10.1"}
"""Exercises about time: judging any answer takes about a second, or more."""

WAITING = re.compile("did not end|holds up|for ever|never came|should return")
"""Findings that take about a second, or more."""

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)

# On the thread of a server or a client that is being ended, nobody is left to handle these.
hostile = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:coroutine .* was never awaited:RuntimeWarning",
)

cannot_interrupt = sys.version_info < (3, 12) and sys.gettrace() is not None
interrupts = pytest.mark.skipif(
    cannot_interrupt,
    reason="Python 3.11 with a trace function cannot interrupt a thread: see LoopThread._interrupt",
)


@pytest.fixture
def data_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Keep progress in a folder of the test; forget which hints were given."""
    monkeypatch.setenv("WSLAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(wslab.exercises, "_hints_given", {})
    return tmp_path / "data"


@contextlib.contextmanager
def impatience() -> Iterator[None]:
    """Let checks wait for less time: most wrong answers leave them waiting."""
    with pytest.MonkeyPatch.context() as patch:
        for module in [_probe, *MODULES]:
            for name, value in [("REPLY_TIMEOUT", 0.3), ("CLIENT_TIMEOUT", 0.6), ("CROWD", 12)]:
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        patch.setitem(_probe.run_client.__kwdefaults__, "timeout", 0.6)
        yield


_numbers = itertools.count(1)


def define(code: str, name: str) -> Any:
    """Run code as a cell does, so that its source can be found; return what it calls ``name``."""
    filename = f"<answer {next(_numbers)}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(code, filename, "exec", dont_inherit=True), namespace)  # this file's __future__
    return namespace[name]


def answers(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """All code of an exercise, with what it is."""
    yield "starter", exercise.starter
    yield "solution", exercise.solution
    for number, code in enumerate(exercise.alternatives, 1):
        yield f"alternative {number}", code
    for number, wrong in enumerate(exercise.wrong, 1):
        yield f"wrong answer {number}", wrong.code


def spins(code: str) -> bool:
    """Return whether code has a loop that never ends, so that its thread must be interrupted."""
    for function in ast.walk(ast.parse(code)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for loop in ast.walk(function):
            inner = list(ast.walk(loop)) if isinstance(loop, ast.While) else []
            kinds = {type(node) for node in inner}
            catches_all = any(
                isinstance(node, ast.ExceptHandler) and node.type is None for node in inner
            )
            ways_out = {ast.Await, ast.AsyncFor, ast.Return, ast.Break, ast.Raise}
            if isinstance(function, ast.FunctionDef) and not catches_all:
                ways_out |= {ast.Call, ast.Assign, ast.AugAssign}  # it may raise, or be done
            if inner and not kinds & ways_out:
                return True
    return False


# ---- the exercises themselves ----


def test_every_module_is_registered() -> None:
    """Each exercise is found by its id, and no id is given twice."""
    defined = [exercise for module in MODULES for exercise in module.EXERCISES]
    assert sorted(defined, key=id) == sorted(EXERCISES.values(), key=id)
    assert [id for id, exercise in EXERCISES.items() if id != exercise.id] == []


def test_ids_are_contiguous_and_in_order() -> None:
    """Notebook by notebook, 1, 2, 3 and so on: learners count on it, and so does the table."""
    ids = [tuple(map(int, id.split("."))) for id in EXERCISES]
    expected = [
        (notebook, number)
        for notebook, group in itertools.groupby(ids, key=lambda id: id[0])
        for number in range(1, len(list(group)) + 1)
    ]
    assert ids == expected == sorted(set(ids))


def test_every_notebook_has_exercises() -> None:
    """At least four for each notebook from 01 on, the first one the easiest."""
    names = [path.name for path in NOTEBOOKS.glob("*.ipynb") if not path.stem.endswith("_appendix")]
    notebooks = {int(name[:2]) for name in names} - {0}
    difficulties: dict[int, list[int]] = {notebook: [] for notebook in notebooks}
    for id, exercise in EXERCISES.items():
        difficulties[int(id.partition(".")[0])].append(exercise.difficulty)
    assert {n: len(found) for n, found in difficulties.items() if len(found) < 4} == {}
    assert {n: found for n, found in difficulties.items() if found[0] > 1 or max(found) < 3} == {}


@each_exercise
def test_exercise_is_complete(exercise: Exercise) -> None:
    """Three hints, an alternative and four wrong answers, all different; nothing is empty."""
    texts = [exercise.title, exercise.task, exercise.explanation, exercise.needs, *exercise.hints]
    assert [text for text in texts if not text.strip()] == []
    assert len(set(exercise.hints)) == 3
    assert len(set(exercise.alternatives) | {exercise.solution}) >= 2
    assert len({wrong.code for wrong in exercise.wrong}) == len(exercise.wrong) >= 4
    assert len({wrong.finding for wrong in exercise.wrong}) >= 4
    assert 1 <= exercise.minutes <= 60


@each_exercise
def test_every_code_defines_the_name(exercise: Exercise) -> None:
    """What the cell passes to the check is there, whichever code stands above it."""
    without = []
    for what, code in answers(exercise):
        try:
            define(code, exercise.name)
        except KeyError:
            without.append(what)
    assert without == []


@each_exercise
def test_cells_of_the_notebook(exercise: Exercise) -> None:
    """One cell has title, difficulty, minutes and prerequisite, the other one ends in the check."""
    title, about, *task = exercise.markdown.split("\n\n")
    assert title == f"### Exercise {exercise.id} · {exercise.title}"
    assert about.count("★") == exercise.difficulty
    assert about.count("★") + about.count("☆") == 3
    assert f"{exercise.minutes} minutes" in about
    assert exercise.needs in about
    assert "\n\n".join(task) == exercise.task
    assert exercise.code.splitlines()[-1] == f'wslab.check("{exercise.id}", {exercise.name})'
    assert "..." in exercise.code
    assert max(map(len, exercise.code.splitlines())) <= 88


# ---- the answers that they know ----


@clean
@each_exercise
def test_starter_is_not_attempted(exercise: Exercise) -> None:
    """The committed state of each notebook."""
    assert exercise.check(define(exercise.starter, exercise.name)).outcome == "not attempted"


@clean
@pytest.mark.parametrize(
    "exercise",
    [
        pytest.param(exercise, id=id, marks=pytest.mark.slow if id in SLOW else ())
        for id, exercise in EXERCISES.items()
    ],
)
def test_solution_and_alternatives_pass(exercise: Exercise) -> None:
    """Every style is as good as another."""
    for what, code in answers(exercise):
        if what == "solution" or what.startswith("alternative"):
            result = exercise.check(define(code, exercise.name))
            assert result.outcome == "passed", f"{what}: {result}"


def wrong_answers() -> Iterator[Any]:
    """Parameters: an exercise and one of its wrong answers."""
    for id, exercise in EXERCISES.items():
        for number, wrong in enumerate(exercise.wrong, 1):
            slow = id in SLOW or WAITING.search(wrong.finding)
            marks = pytest.mark.slow if slow else ()
            yield pytest.param(exercise, wrong, id=f"{id}-{number}", marks=marks)


@clean
@hostile
class TestWrongAnswers:  # a class, so that xdist may run them beside all the others
    @pytest.mark.parametrize(("exercise", "wrong"), list(wrong_answers()))
    def test_finding(self, exercise: Exercise, wrong: WrongAnswer) -> None:
        """It is told what is wrong, in words of its own, and is not told the solution."""
        if cannot_interrupt and spins(wrong.code):
            pytest.skip("it could not be interrupted")
        with impatience():
            result = exercise.check(define(wrong.code, exercise.name))
        if not (result.finding and wrong.finding in result.finding.problem):
            # A busy machine: is it another finding when there is time enough?
            result = exercise.check(define(wrong.code, exercise.name))
        assert result.outcome == "not yet", "it passed"
        assert result.finding is not None
        assert wrong.finding in result.finding.problem
        said = str(result)
        theirs = {line.strip() for line in (exercise.starter + wrong.code).splitlines()}
        given_away = [
            line.strip()
            for line in exercise.solution.splitlines()
            if len(line.strip()) > 20 and line.strip() not in theirs and line.strip() in said
        ]
        assert given_away == []
        assert set(result._repr_mimebundle_()) == {"text/plain", "text/html"}


@clean
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("1.1", "1.2"), ("2.1", "2.4"), ("2.1", "3.2")],
)
def test_solution_of_another_exercise_does_not_pass(wrong: str, right: str) -> None:
    """An exercise judges what it asks for."""
    other = EXERCISES[right]
    with impatience():
        assert EXERCISES[wrong].check(define(other.solution, other.name)).outcome == "not yet"


# ---- check() ----


@clean
def test_outcomes() -> None:
    """Only a pass is true; each says the id, and what to do next."""
    passed, not_yet, not_attempted = (
        check("2.1", define(code, "welcome"))
        for code in (
            EXERCISES["2.1"].solution,
            EXERCISES["2.1"].wrong[0].code,
            EXERCISES["2.1"].starter,
        )
    )
    assert (bool(passed), bool(not_yet), bool(not_attempted)) == (True, False, False)
    assert str(passed) == repr(passed) == "✓ Exercise 2.1: passed"
    assert str(not_attempted).startswith("○ Exercise 2.1: not attempted yet")
    assert str(not_yet).startswith("✗ Exercise 2.1: not yet. each message should be answered")
    for title in ("sent: ", "expected: ", "got: ", 'wslab.hint("2.1")'):
        assert title in str(not_yet)
    assert not_yet.finding is not None
    assert isinstance(not_yet.finding.records, Records)
    assert "TEXT" in not_yet._repr_mimebundle_()["text/plain"]
    assert "TEXT" not in str(not_yet)


@pytest.mark.parametrize("function", [lambda id: check(id, print), hint, solution])
def test_unknown_id(function: Callable[[Any], object]) -> None:
    """The message names the ids that there are, and the nearest one."""
    for id in ["2.11", "2", "", "welcome", None, 2.1, [], ("2.1",)]:
        with pytest.raises(KeyError, match=re.escape(f"there is no exercise {id!r}")) as caught:
            function(id)
        assert all(known in str(caught.value) for known in EXERCISES)
        assert "did you mean '" in str(caught.value)
    with pytest.raises(KeyError, match=r"did you mean '2\.1'"):
        function("2.1 ")


@each_exercise
def test_coroutine_instead_of_function(exercise: Exercise) -> None:
    """Called instead of passed: said so, and nothing is left that was never awaited."""

    async def called() -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=rf'wslab.check\("{exercise.id}", {exercise.name}\)'):
        check(exercise.id, called())


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
    pytest.param(id, f"{PREAMBLE}{head}\n{body(code)}", id=f"{id} {kind} {what}")
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
        if cannot_interrupt and spins(code):
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
@interrupts
@hostile
@pytest.mark.slow
def test_check_is_bounded_in_time() -> None:
    """Also with all the patience that it has, and an answer that never awaits."""
    began = time.monotonic()
    assert not check("2.3", define("async def headcount(ws):\n  while True: pass", "headcount"))
    assert time.monotonic() - began < BOUND


@clean
def test_interrupted_cell() -> None:
    """The learner's own interrupt is none of the answer's: it goes on to the cell."""
    code = """
import _thread

async def handler(ws):
    _thread.interrupt_main()
    await ws.wait_closed()
"""
    with pytest.raises(KeyboardInterrupt):
        check("2.1", define(code, "handler"))


@clean
def test_check_inside_another_thread() -> None:
    """A check needs no main thread and no event loop."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = pool.map(
            lambda id: check(id, define(EXERCISES[id].solution, EXERCISES[id].name)),
            ["1.1", "2.1", "2.2", "3.2"],
        )
        assert [result.outcome for result in results] == ["passed"] * 4


# ---- what counts as attempted ----


@pytest.mark.parametrize(
    "code",
    [
        "def answer(url):\n    ...",
        "def answer(url):\n    message = ...\n    return message",
        "async def answer(ws):\n    await ws.send(...)",
        "answer = ...",
        "answer = lambda ws: ...",
    ],
)
def test_not_attempted(code: str) -> None:
    """Something is still to be filled in."""
    assert not is_attempted(define(code, "answer"))


@pytest.mark.parametrize(
    "code",
    [
        "def answer(url):\n    '''Do it ...'''\n    return 'and so on ...'",
        "def answer(url) -> tuple[int, ...]:\n    return (1,)",
        "def answer(array):\n    return array[..., 0]",
        "def answer(url):  # ...\n    return 1",
        "answer = print",
        "answer = None",
        "import functools\nanswer = functools.partial(print, 1)",
    ],
)
def test_attempted(code: str) -> None:
    """Three dots elsewhere, or no source to look into."""
    assert is_attempted(define(code, "answer"))


def test_attempted_without_source() -> None:
    """An answer from elsewhere, such as a library, is no starter."""
    namespace: dict[str, Any] = {}
    exec("async def answer(ws): ...", namespace)
    assert is_attempted(namespace["answer"])


# ---- what a check shows ----


def test_hostile_content_is_escaped() -> None:
    """Whatever a finding holds, it is text in the cell and no HTML."""
    evil = "<script>alert('x')</script><img src=x onerror=alert(1)>"
    frames = Decoder("server", connection=1, handshake=False).feed(b"\x81\x37" + evil.encode())
    finding = Finding(evil, sent=evil, expected=evil, got=evil, records=Records(frames))
    bundle = Check("2.1", "not yet", finding)._repr_mimebundle_()
    assert "<script" not in bundle["text/html"]
    assert "<img src=x" not in bundle["text/html"]
    assert bundle["text/html"].count("&lt;script&gt;") >= 4
    assert evil in bundle["text/plain"]


@clean
def test_hostile_answer_is_escaped() -> None:
    """The same with a real answer that sends it."""
    code = "async def evil(ws): await ws.send('<script>alert(1)</script>\\x1b[31m')"
    bundle = check("2.1", define(code, "evil"))._repr_mimebundle_()
    assert "<script>alert" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert not any("\x1b" in text for text in bundle.values())


def test_show() -> None:
    """The type of a message is seen, a long one is cut, and one that cannot be shown is named."""

    class Evil:
        def __repr__(self) -> str:
            raise ValueError

    assert _probe.show("a") == "'a'"
    assert _probe.show(b"a") == "b'a'"
    assert _probe.show(Evil()) == "<Evil>"
    assert _probe.show("x" * 1000).endswith("… (1,002 characters)")
    assert len(_probe.show("x" * 1000)) < 150


# ---- hint() and solution() ----


@each_exercise
def test_hints_come_one_by_one(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """One more each time; after the last one they begin again."""
    for number in (1, 2, 3, 1):
        hint(exercise.id)
        expected = f"Hint {number} of 3: {exercise.hints[number - 1]}\n"
        assert capsys.readouterr().out == expected


def test_hints_of_each_exercise_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A hint for another exercise in between changes nothing."""
    for id in ("2.1", "3.1", "2.1"):
        hint(id)
    numbers = re.findall("Hint ([0-9])", capsys.readouterr().out)
    assert numbers == ["1", "1", "2"]


@each_exercise
def test_solution_is_shown(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """The code, then why."""
    solution(exercise.id)
    shown = capsys.readouterr().out
    assert shown == f"{exercise.solution.strip()}\n\n{exercise.explanation}\n"


# ---- progress() ----


def passing(id: str) -> Any:
    """An answer that passes."""
    return define(EXERCISES[id].solution, EXERCISES[id].name)


def test_progress_grows(data_folder: pathlib.Path) -> None:
    """What passes is done, and stays so; nothing is written for anything else."""
    assert progress().done == set()
    check("2.1", ...)
    check("2.1", None)
    assert not data_folder.exists()
    check("2.1", passing("2.1"))
    check("3.1", passing("3.1"))
    check("2.1", None)
    check("2.1", passing("2.1"))
    assert progress().done == {"2.1", "3.1"}
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]


def test_progress_is_a_table() -> None:
    """A row for each exercise, and the total; titles are escaped."""
    check("2.1", passing("2.1"))
    table = progress()
    assert f"✓ 2.1  {EXERCISES['2.1'].title}" in str(table).splitlines()
    assert f"○ 2.2  {EXERCISES['2.2'].title}" in str(table).splitlines()
    assert str(table).splitlines()[-1] == f"1 of {len(EXERCISES)} exercises done"
    assert repr(table) == str(table)
    bundle = _progress.Progress({"9.1": "<b>bold</b>"}, {"9.1", "0.7"})._repr_mimebundle_()
    assert "&lt;b&gt;bold" in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
    assert "1 of 1 exercises done" in bundle["text/plain"]


def test_progress_is_reset() -> None:
    """All of it is forgotten."""
    check("2.1", passing("2.1"))
    assert progress(reset=True).done == set()
    assert progress().done == set()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"other": 1}', b'{"done": 5}', b"\xff\xfe\x00", b"[" * 100_000, b"null"],
    ids=lambda content: repr(content[:12]),
)
def test_corrupt_file(data_folder: pathlib.Path, content: bytes) -> None:
    """A warning, and the course goes on; what was in the file is kept until it is known."""
    data_folder.mkdir()
    file = data_folder / "progress.json"
    file.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=r"cannot be read.*progress\.json"):
        assert progress().done == set()
    assert file.read_bytes() == content
    with pytest.warns(RuntimeWarning, match="cannot be read"):
        assert check("2.1", passing("2.1"))
    assert progress().done == {"2.1"}
    kept = data_folder / "progress.json.unreadable"
    assert not kept.exists() or kept.read_bytes() == content


def test_ids_of_another_course(data_folder: pathlib.Path) -> None:
    """What this version does not know is kept, and not counted."""
    data_folder.mkdir()
    (data_folder / "progress.json").write_text('{"done": ["99.1", 5, "2.1"], "more": 1}')
    assert str(progress()).endswith(f"1 of {len(EXERCISES)} exercises done")
    check("2.2", passing("2.2"))
    assert progress().done == {"99.1", "2.1", "2.2"}


@pytest.mark.parametrize("place", ["a file", "a folder in a file"])
def test_folder_that_cannot_be_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A warning, and the check itself is as good as ever."""
    (tmp_path / "file").write_text("here is no folder")
    folder = tmp_path / "file" / ("sub" if place == "a folder in a file" else "")
    monkeypatch.setenv("WSLAB_DATA_DIR", str(folder))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert check("2.1", passing("2.1"))
        assert progress().done == set()
        progress(reset=True)
    assert {warning.category for warning in caught} == {RuntimeWarning}
    assert any("cannot be written down" in str(warning.message) for warning in caught)
    assert (tmp_path / "file").read_text() == "here is no folder"


def test_full_disk(data_folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays there, and no half-written file is left."""
    check("2.1", passing("2.1"))

    def replace(source: object, target: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(_progress.os, "replace", replace)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert check("2.2", passing("2.2"))
    assert progress().done == {"2.1"}
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]


@clean
def test_concurrent_writers(data_folder: pathlib.Path) -> None:
    """Nobody ever reads half a file, and nothing is lost."""
    ids = [f"{notebook}.{number}" for notebook in range(1, 9) for number in range(1, 6)]
    done = threading.Event()

    def read() -> int:
        reads = 0
        while not done.is_set():
            with warnings.catch_warnings():
                _progress.read()
            reads += 1
        return reads

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        reader = pool.submit(read)
        list(pool.map(_progress.note_done, ids))
        done.set()
        assert reader.result() > 0
    assert _progress.read() == set(ids)
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]
    assert set(json.loads(_progress.path().read_text())["done"]) == set(ids)


def test_progress_is_outside_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is in the user's own data folder."""
    monkeypatch.delenv("WSLAB_DATA_DIR")
    path = _progress.path()
    assert path.name == "progress.json"
    assert "wslab" in path.parts
    assert not path.is_relative_to(NOTEBOOKS.parent)
