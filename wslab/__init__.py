"""
A real WebSocket server inside your notebook, and everything that crossed its wire.

>>> import wslab
>>> with wslab.serve(wslab.handlers.echo) as server:
...     wslab.talk(server.url, "Hello, server!")
['Hello, server!']
"""

from . import handlers
from .diagram import Anatomy
from .kernel import allow_asyncio_run
from .server import BackgroundServer, NotRunningError, serve
from .talk import talk
from .transcript import Records, Transcript

__all__ = [
    "Anatomy",
    "BackgroundServer",
    "NotRunningError",
    "Records",
    "Transcript",
    "allow_asyncio_run",
    "handlers",
    "serve",
    "talk",
]

__version__ = "0.1.0"
