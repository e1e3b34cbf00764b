"""JSON that is nested too deeply, and JSON that only looks so."""

import json

import msgspec
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


@pytest.mark.parametrize("kind", [str, str.encode, lambda text: memoryview(text.encode())])
def test_msgspec(kind):
    """It parses in C as well; what it decodes is the same, and so is what it refuses."""
    decoder = msgspec.json.Decoder()
    for decode in (msgspec.json.decode, decoder.decode, decoder.decode_lines):
        with pytest.raises(RecursionError, match="maximum recursion depth"):
            decode(kind("[" * 100_000))
    assert msgspec.json.decode(kind('{"a": [1]}')) == decoder.decode(kind('{"a": [1]}'))
    assert decoder.decode_lines(kind("1\n2")) == [1, 2]
    with pytest.raises(msgspec.DecodeError):
        decoder.decode(kind('["[", '))


def test_msgspec_with_a_type():
    """The type is msgspec's business, as are its errors."""
    decoder = msgspec.json.Decoder(list[int])
    assert repr(decoder) == "msgspec.json.Decoder(list[int])"
    assert decoder.type == list[int]
    with pytest.raises(msgspec.ValidationError, match="Expected `int`"):
        decoder.decode('["a"]')
    with pytest.raises(TypeError):
        msgspec.json.decode(5)
