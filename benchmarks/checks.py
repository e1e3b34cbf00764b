"""
How long ``wslab.check`` takes for each answer in ``tests/answers``, and whether it tells aright.

    python benchmarks/checks.py                        # all of them, once: about ten minutes
    python benchmarks/checks.py 7.2 7.4 --times 20     # two exercises, each answer twenty times
    python benchmarks/checks.py 8 --kind right --busy  # a notebook, with both processors busy

Every check is judged as a learner's, with all its patience, and one after the other. An answer is
told aright if a right one passes, and if a wrong one is refused with the clause that it breaks.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import logging
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
import answer_cells
from answer_cells import Answer

RIGHT, ANY = 1.2, 3.0
"""Seconds that a check of a right answer may take, and that of any."""


@dataclasses.dataclass(frozen=True)
class Told:
    """How one check went: whether it told aright, and in how many seconds."""

    exercise: str
    kind: str
    place: str
    seconds: float
    aright: bool
    said: str


def tell(answer: Answer) -> Told:
    """Check one answer."""
    made = answer.define()
    began = time.perf_counter()
    result = answer.exercise.check(made)
    seconds = time.perf_counter() - began
    finding = result.finding
    if answer.kind == "right":
        aright = result.outcome == "passed"
    else:
        aright = (
            finding is not None
            and finding.clause == answer.breaks
            and answer.finding in finding.problem
        )
    place = f"{answer.place} {answer.words}"
    return Told(answer.exercise.id, answer.kind, place, seconds, aright, str(result))


def tell_all(exercise: str, kind: str, times: int) -> list[Told]:
    """Check the answers to an exercise; what they print, and leave on their threads, is quiet."""
    sys.stdout = io.StringIO()
    warnings.simplefilter("ignore")
    logging.disable()
    sys.unraisablehook = lambda unraisable: None
    answers = [
        one for one in answer_cells.read() if one.exercise.id == exercise and kind in ("", one.kind)
    ]
    return [tell(answer) for _ in range(times) for answer in answers]


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Keep every processor busy, a little less important than the checks."""
    spin = "import os; os.nice(1)\nwhile True: pass"
    loops = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def table(told: list[Told]) -> None:
    """Print a line for each exercise, and what is beyond the limits."""
    print("| exercise | right | median, s | slowest, s | wrong | median, s | slowest, s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for exercise in ["", *dict.fromkeys(each.exercise for each in told)]:
        cells = [exercise or "all"]
        for kind in ("right", "wrong"):
            of_kind = [one for one in told if one.kind == kind and exercise in ("", one.exercise)]
            seconds = [one.seconds for one in of_kind] or [0.0]
            cells.append(f"{sum(one.aright for one in of_kind)}/{len(of_kind)}")
            cells += [f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"]
        print(f"| {' | '.join(cells)} |")
    print()
    for one in sorted(told, key=lambda one: -one.seconds):
        if one.seconds > (RIGHT if one.kind == "right" else ANY):
            print(f"{one.seconds:.2f} s: {one.kind} {one.exercise} {one.place}")
    for one in told:
        if not one.aright:
            print(f"\nNOT ARIGHT: {one.kind} {one.exercise} {one.place}\n{one.said}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how long checks take.")
    parser.add_argument("exercises", nargs="*", help="such as 7.2, or 7 for all of a notebook")
    parser.add_argument("--kind", choices=["right", "wrong"], default="", help="only these answers")
    parser.add_argument("--times", type=int, default=1, help="how often each is checked (1)")
    parser.add_argument("--busy", action="store_true", help="with a busy loop on each processor")
    parser.add_argument("--jobs", type=int, default=1, help="how many exercises at once (1)")
    options = parser.parse_args()
    ids = list(dict.fromkeys(one.exercise.id for one in answer_cells.read()))
    if options.exercises:
        ids = [id for id in ids if {id, id.partition(".")[0]} & set(options.exercises)]
    told = []
    # A process for each exercise: a check that goes wrong leaves the others alone.
    pool = ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with busy() if options.busy else contextlib.nullcontext(), pool:
        jobs = [pool.submit(tell_all, id, options.kind, options.times) for id in ids]
        for job in tqdm(jobs, desc="exercises", disable=None):
            told += job.result()
    table(told)


if __name__ == "__main__":
    main()
