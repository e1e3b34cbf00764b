"""What can be a handler: whatever ``websockets`` takes, unless it can never work."""

from __future__ import annotations

import dis
import functools
import inspect
import types

__all__ = ["check_handler", "not_async"]


def check_handler(handler: object) -> None:
    """
    Refuse what cannot be a handler: each client would only see a connection that is closed.

    Raises:
        TypeError: It cannot be called, with one argument, or never returns an awaitable. What
            that says of a plain function is whether it returns anything: a lambda may return a
            coroutine.

    >>> async def handler(ws): ...
    >>> check_handler(handler)
    >>> check_handler(lambda ws: handler(ws))
    >>> check_handler(print)
    Traceback (most recent call last):
        ...
    TypeError: the handler must be an async function, not <built-in function print>; write: async \
def handler(ws): …
    """
    if not callable(handler) or not _may_return_awaitable(handler):
        raise TypeError(not_async(handler))
    if _plainly_takes_one(handler):
        return
    try:
        inspect.signature(handler).bind(None)
    except ValueError:  # some callables written in C do not tell
        pass
    except TypeError as exc:
        raise TypeError(
            f"the handler must take one argument, the connection ({exc}); "
            "write: async def handler(ws): …  (the path is ws.request.path)"
        ) from exc


def _plainly_takes_one(function: object) -> bool:
    """Whether a function like most takes one argument; a signature is made ten times as slowly."""
    if not isinstance(function, types.FunctionType) or function.__dict__:  # it may be wrapped
        return False
    code = function.__code__
    required = code.co_argcount - len(function.__defaults__ or ())
    return required <= 1 <= code.co_argcount and not code.co_kwonlyargcount


def not_async(handler: object) -> str:
    """Return the sentence about a handler that returns no awaitable."""
    return (
        f"the handler must be an async function, not {handler!r}; write: async def handler(ws): …"
    )


def _may_return_awaitable(function: object) -> bool:
    # AsyncMock and others say that they are coroutine functions, whatever they are made of.
    if inspect.iscoroutinefunction(function):
        return True
    if isinstance(function, functools.partial):
        return _may_return_awaitable(function.func)
    if isinstance(function, types.MethodType):
        return _may_return_awaitable(function.__func__)
    if isinstance(function, types.FunctionType):
        return _may_return_something(function.__code__)
    if isinstance(function, types.BuiltinFunctionType):
        return False
    if isinstance(function, type):  # makes an instance
        return hasattr(function, "__await__")
    # The __call__ of its type: an attribute of the instance is not what is called.
    return _may_return_awaitable(type(function).__call__)


def _may_return_something(code: types.CodeType) -> bool:
    """Whether a plain function may return anything else than ``None``, or a generator."""
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        return bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)  # types.coroutine()
    before = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RETURN_CONST" and instruction.argval is not None:
            return True
        if instruction.opname == "RETURN_VALUE" and not _loads_none(before):
            return True
        before = instruction
    return False


def _loads_none(instruction: dis.Instruction | None) -> bool:
    return (
        instruction is not None
        and instruction.opname in ("LOAD_CONST", "LOAD_COMMON_CONSTANT")  # the latter since 3.15
        and instruction.argrepr == "None"
    )
