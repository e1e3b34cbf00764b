"""JSON that is nested too deeply, and JSON that only looks so."""

import json

import pytest

from wslab._tab._nesting import DEPTH


@pytest.mark.parametrize("begin", ["[", '{"a":', '["[", {"a": '])
def test_too_deep(begin):
    """Also where it ends too early to be JSON."""
    with pytest.raises(RecursionError, match="maximum recursion depth"):
        json.loads(begin * 100_000)


def test_deep_enough():
    """What is allowed is parsed."""
    found = json.loads("[" * DEPTH + "]" * DEPTH)
    for _ in range(DEPTH - 1):
        [found] = found
    assert found == []


def test_many_and_not_deep():
    """Brackets beside each other, and in strings."""
    assert len(json.loads("[" + "[],".join([""] * 5000) + "[]]")) == 5000
    assert json.loads(json.dumps(["[" * 5000 + '"\\'])) == ["[" * 5000 + '"\\']


def test_decoders_of_ones_own():
    """They are made of the same parts."""
    with pytest.raises(RecursionError):
        json.JSONDecoder(parse_float=str).decode("[" * 100_000)
    with pytest.raises(RecursionError):
        json.loads("[" * 100_000, parse_constant=str)
