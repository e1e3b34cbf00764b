"""The exercises in the tab: right answers pass, wrong ones do not, and none hangs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import answer_cells
import pytest
from answer_cells import Answer
from playwright.sync_api import Route

from .comparing import SENTENCES
from .conftest import DISTRIBUTION, Tab

# A tab has what notebooks 1 to 8 need; "not yet" is what a wrong answer is told.
ANSWERS = [
    answer for answer in answer_cells.read() if int(answer.exercise.id.split(".")[0]) in range(1, 9)
]
OUTCOME = {"right": "passed", "wrong": "not yet"}
SECONDS = 60

JUDGE = """
import linecache
def judged(id, code):
    from wslab.exercises import EXERCISES
    name = f"<answer {{len(linecache.cache)}}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    space = {{}}
    exec(compile(code, name, "exec"), space)
    check = EXERCISES[id].check(space[EXERCISES[id].name])
    print(check)  # says why
    return check.outcome
judged({id!r}, {code!r})
"""


def sample() -> list[Answer]:
    """The first right and the first wrong answer to each exercise of the first two notebooks."""
    seen = set()
    found = []
    for answer in ANSWERS:
        key = (answer.exercise.id, answer.kind)
        if key not in seen and answer.exercise.id.startswith(("1.", "2.")):
            found.append(answer)
        seen.add(key)
    return found


def judge(tab: Tab, answers: list[Answer]) -> Iterator[str]:
    """Judge answers in the tab; yield those that were judged wrongly."""
    for answer in answers:
        code = JUDGE.format(id=answer.exercise.id, code=answer.code)
        status, outputs = tab.execute(code, SECONDS)
        if status == "not done in time" or tab.fatal:
            yield f"{answer.exercise.id} {answer.place}: {status} {tab.fatal}"
            tab.fatal.clear()
            tab.open("00_start_here.ipynb")
            tab.run("import wslab")
            continue
        shown = "".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
        told = [output.get("evalue", output.get("text", shown)) for output in outputs]
        if any(words in str(told) for words in SENTENCES):
            print(f"\n{answer.exercise.id} {answer.place} needs what a tab has not: {told}")
            tab.hosts.discard(DISTRIBUTION)
        elif shown != repr(OUTCOME[answer.kind]):
            yield f"{answer.exercise.id} {answer.place} ({answer.words}): {told}"


def test_they_are_loaded_when_they_are_first_used(tab: Tab) -> None:
    """Not with the kernel; where the site cannot be reached, later; by any thread."""
    wheel = "**/wslab_exercises-*"
    asked: list[str] = []

    def out_of_reach(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    tab.page.context.route(wheel, out_of_reach)
    tab.run("import wslab")
    assert asked == []
    shown = tab.run("wslab.check")
    assert "ImportError: wslab.exercises comes from this site when it is first used" in shown
    assert len(asked) == 1
    tab.page.context.unroute(wheel)
    shown = tab.run(
        "import threading\n"
        "found = []\n"
        "thread = threading.Thread(target=lambda: found.append(wslab.check.__name__))\n"
        "thread.start()\n"
        "thread.join(30)\n"
        "print(found)"
    )
    assert shown == "['check']"


def test_some_answers(tab: Tab) -> None:
    """One right and one wrong answer to each exercise of two notebooks."""
    answers = sample()
    assert {answer.kind for answer in answers} == {"right", "wrong"}
    assert list(judge(tab, answers)) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 9))
def test_all_answers(tab: Tab, number: int) -> None:
    """All answers to the exercises of a notebook."""
    answers = [one for one in ANSWERS if one.exercise.id.split(".")[0] == str(number)]
    counts = {
        kind: len(list(group))
        for kind, group in itertools.groupby(sorted(one.kind for one in answers))
    }
    tab.open("00_start_here.ipynb")  # a kernel of its own, where one hangs
    tab.run("import wslab")
    problems = []
    for problem in judge(tab, answers):
        print(f"\n{problem}", flush=True)  # there are hundreds: the first ones are told at once
        problems.append(problem)
    print(f"\nexercises of {number}: {counts}, judged wrongly: {len(problems)}")
    if problems:
        pytest.fail("\n".join(["judged wrongly in the tab:", *problems]), pytrace=False)
