"""Tests of wslab._clock: a time that goes on while a test has stopped the others."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest
from freezegun import freeze_time

from wslab import _clock

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")


@pytest.mark.parametrize("name", ["monotonic", "perf_counter"])
def test_is_the_systems_clock(name: str) -> None:
    """They tell what the functions of the same name do."""
    before = getattr(time, name)()
    between = getattr(_clock, name)()
    assert before <= between <= getattr(time, name)()


def test_goes_on_in_a_frozen_time() -> None:
    """Freezing the time leaves these alone."""
    with freeze_time("2030-01-01"):
        assert time.monotonic() == time.monotonic()
        begun = _clock.monotonic()
        while _clock.monotonic() == begun:
            pass
        assert _clock.perf_counter() < begun + 1e6  # not the year 2030


def test_imported_in_a_frozen_time() -> None:
    """Also what is imported while the time is frozen gets the system's."""
    code = """
        from freezegun import freeze_time
        with freeze_time("2030-01-01"):
            from wslab._clock import monotonic
            begun = monotonic()
            while monotonic() == begun:
                pass
            print(begun < 1e9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
