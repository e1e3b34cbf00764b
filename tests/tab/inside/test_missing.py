"""What is not here says so in a sentence."""

import subprocess

import pytest


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("numpy", "NumPy comes from Pyodide's own distribution"),
        ("matplotlib", "matplotlib comes from"),
        ("PIL", "Pillow comes from"),
        ("trustme", "a browser tab has no TLS of its own"),
    ],
)
def test_modules(name, words):
    """The import says what it needs and what to do."""
    with pytest.raises(ModuleNotFoundError, match=words) as raised:
        __import__(name)
    assert raised.value.name == name
    assert "the installed course" in str(raised.value)


def test_modules_that_nobody_has():
    """They fail as everywhere."""
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module'"):
        __import__("no_such_module")


def test_programs():
    """Nothing can be started."""
    with pytest.raises(OSError, match="cannot start programs"):
        subprocess.run(["true"], check=True)
