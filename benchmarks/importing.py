"""
What ``import wslab`` costs beside the import of what it is made of.

    python benchmarks/importing.py            # about ten seconds
    python benchmarks/importing.py --rounds 5 # quicker, and wider quartiles

Each round starts three processes one after the other, in random order: one that imports nothing,
one that imports the server and both clients of ``websockets``, one that imports ``wslab``. The
start of Python is in all three, and all is compiled before, as pip does with what it installs. It
prints the median of each, and that of the rounds' ratios with quartiles.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import time

PROGRAMS = {
    "Python": "pass",
    "websockets": (
        "import websockets.asyncio.server, websockets.asyncio.client, websockets.sync.client"
    ),
    "wslab": "import wslab",
}


def seconds(program: str) -> float:
    """Return how long a process takes that runs a program."""
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=compiled)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what importing wslab costs.")
    parser.add_argument("--rounds", type=int, default=25, help="processes of each kind (25)")
    options = parser.parse_args()
    for program in PROGRAMS.values():  # compiles it
        seconds(program)
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(options.rounds):
        for name in random.sample(list(PROGRAMS), len(PROGRAMS)):
            taken[name].append(seconds(PROGRAMS[name]))
    rounds = zip(taken["wslab"], taken["websockets"], strict=True)
    ratios = [ours / theirs for ours, theirs in rounds]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print("| process | ms |\n| --- | ---: |")
    for name, values in taken.items():
        print(f"| {name} | {statistics.median(values) * 1000:.0f} |")
    print(f"\nimport wslab / import websockets: {middle:.2f} (quartiles {low:.2f}–{high:.2f})")


if __name__ == "__main__":
    main()
