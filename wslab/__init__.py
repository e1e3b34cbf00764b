"""
A real WebSocket server inside your notebook, and everything that crossed its wire.

>>> import wslab
>>> with wslab.serve(wslab.handlers.echo) as server:
...     wslab.talk(server.url, "Hello, server!")
['Hello, server!']
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if sys.platform == "emscripten":
    from . import _tab as _tab  # first: it brings the threads and sockets that the rest imports

from . import handlers
from .kernel import allow_asyncio_run
from .messages import Message, Messages
from .server import BackgroundServer, allow_origin, serve
from .service import NotRunningError
from .talk import talk
from .tap import Tap, tap
from .transcript import Records, Transcript, read_har

if TYPE_CHECKING:
    from .browser import BrowserConsole
    from .diagram import Anatomy
    from .exercises import check, hint, progress, solution

__all__ = [
    "Anatomy",
    "BackgroundServer",
    "BrowserConsole",
    "Message",
    "Messages",
    "NotRunningError",
    "Records",
    "Tap",
    "Transcript",
    "allow_asyncio_run",
    "allow_origin",
    "check",
    "handlers",
    "hint",
    "progress",
    "read_har",
    "serve",
    "solution",
    "talk",
    "tap",
]

__version__ = "0.1.0"

# Imported when they are used: they need more than websockets, or draw what nobody may look at.
_LATER = {
    "Anatomy": "diagram",
    "BrowserConsole": "browser",
    "check": "exercises",
    "hint": "exercises",
    "progress": "exercises",
    "solution": "exercises",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    except ModuleNotFoundError as exc:
        raise ModuleNotFoundError(
            f"wslab.{name} needs {exc.name}; run: pip install 'wslab[course]'", name=exc.name
        ) from exc
    return getattr(module, name)
