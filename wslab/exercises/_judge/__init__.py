"""
Tools to judge an answer: play the other side over a real connection, and say what is wrong.

A learner's handler runs in :func:`answering`, where clients of ours come to it; a learner's client
talks to a server of ours in :func:`play`; any other function is called by :func:`call`.
:mod:`.awkward` has the values that go wrong in practice.
Everything has a timeout, and everything is stopped afterwards, whatever the learner's code does.
"""

from __future__ import annotations

from . import awkward
from .answering import answering, once_a_check, one_server, small_socket
from .call import call
from .client import Client
from .finding import HELD_UP, Fault, Finding, during, held_up, same, show, tell
from .limits import (
    BEATS_OF_A_REPLY,
    CLIENT_TIMEOUT,
    CROWD,
    REPLY_TIMEOUT,
    note_in_vain,
    patience,
    wait_for,
)
from .oracle import Oracle
from .pace import Metronome
from .people import people
from .playing import Pause, Play, play
from .server import Server
from .together import arrive_together

__all__ = [
    "BEATS_OF_A_REPLY",
    "CLIENT_TIMEOUT",
    "CROWD",
    "HELD_UP",
    "REPLY_TIMEOUT",
    "Client",
    "Fault",
    "Finding",
    "Metronome",
    "Oracle",
    "Pause",
    "Play",
    "Server",
    "answering",
    "arrive_together",
    "awkward",
    "call",
    "during",
    "held_up",
    "note_in_vain",
    "once_a_check",
    "one_server",
    "patience",
    "people",
    "play",
    "same",
    "show",
    "small_socket",
    "tell",
    "wait_for",
]
