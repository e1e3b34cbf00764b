"""The examples in wslab's docstrings: they run, and they show what is true."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import io
import pathlib
import pkgutil

import pytest
from judging import cannot_interrupt

import wslab

pytestmark = pytest.mark.usefixtures("leaves_nothing")

MODULES = ["wslab", *(found.name for found in pkgutil.walk_packages(wslab.__path__, "wslab."))]


def has_examples(name: str) -> bool:
    """Whether there is an example in a module's source; tells without importing it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return ">>> " in pathlib.Path(spec.origin).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in MODULES if has_examples(name)])
def test_examples(name: str) -> None:
    """Each example in the docstrings of a module gives what it says."""
    if name == "wslab._stubborn" and cannot_interrupt():
        pytest.skip("a traced Python 3.11 cannot interrupt a thread, as the example does")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("wslab"):
            raise
        pytest.skip(f"needs {exc.name}")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    output = io.StringIO()
    docstrings = doctest.DocTestFinder().find(module, name)
    for docstring in docstrings:
        runner.run(docstring, out=output.write)
    assert output.getvalue() == ""
    assert sum(len(docstring.examples) for docstring in docstrings) > 0


def test_a_wrong_example_is_found() -> None:
    """An example that shows what is not true is reported."""
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    output = io.StringIO()
    doctest.DocTestRunner(verbose=False).run(wrong, out=output.write)
    assert "Expected:\n    3\nGot:\n    2\n" in output.getvalue()
