"""What runs here in CI: Chromium, and what the development dependencies bring."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import engines


@pytest.hookimpl(tryfirst=True)  # before -m looks for it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[engines.Engine]:
    """Debian's Chromium: skipped where it is missing, but never in CI."""
    try:
        engines.find("chromium", "chromium")
    except engines.MissingError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    with engines.chromium() as running:
        yield running
