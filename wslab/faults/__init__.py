"""
Faults on demand: a peer or a network that misbehaves, in a known way and at a known place.

=================  ============================================================================
a handler          for :func:`wslab.serve`: :func:`abort`, :func:`stop_reading`,
                   :func:`ignore_pings`, those in the next table, :func:`sends` for any bytes
process_request    an option of it: :func:`refuse`, :func:`redirect`, :func:`no_answer`,
                   :func:`abort`
process_response   another option: :func:`wrong_accept`
a client           :class:`RawClient`: a correct handshake, then any bytes
the network        :class:`Link`: latency, jitter, bandwidth, cuts and partitions
=================  ============================================================================

They compose: :func:`after` lets a handler behave for some messages, :func:`in_turn` does something
else on each connection, and a link goes in front of a server or of another link.

These handlers send bytes that RFC 6455 forbids, and the client fails the connection:

========================  ===================================  ======  ============================
handler                   what it sends                        RFC     CLOSE of the client
========================  ===================================  ======  ============================
garbage                   an error page; "<h" is no opcode     §5.2    1002 invalid opcode
impossible_length         no frame: a 64-bit length of 2⁶³     §5.2    1009 frame with … bytes …
reserved_opcode           opcode 3                             §5.2    1002 invalid opcode
reserved_bit              text with RSV2 set                   §5.2    1002 reserved bits must be 0
masked_frame              text with a masking key              §5.1    1002 incorrect masking
invalid_utf8              text in ISO-8859-1                   §8.1    1007 invalid start byte …
invalid_close_reason      CLOSE 1000, reason in ISO-8859-1     §5.5.1  1007 invalid start byte …
invalid_close_code        CLOSE 1006                           §7.4.1  1002 invalid status code
fragmented_control_frame  PING without FIN                     §5.5    1002 fragmented control frame
lone_continuation         CONTINUATION of no message           §5.4    1002 unexpected continuation…
interrupted_message       a new text inside a fragmented one   §5.4    1002 expected a continuation…
message_too_big           a byte over the 1 MiB of max_size    §10.4   1009 frame with … bytes …
========================  ===================================  ======  ============================

Its exception says "sent 1002 (protocol error) invalid opcode; no close frame received". Unrealistic
is what follows: the server beneath does not know what was sent, so it answers that CLOSE and ends
TCP in good order. With ``recv(decode=False)`` a client does not notice that a text is not UTF-8.

"Client:" tells what the clients of ``websockets`` raise, asynchronous and threaded alike: a
``ConnectionClosedError`` with that text, or with that code in the CLOSE that the client sent; or
another exception, which is named.

A server that restarts in mid-conversation needs no fault: stop it, then serve on the same port. Its
clients get 1001 (RFC 6455 §7.4.1); for a crash, :meth:`Link.cut` comes first.

>>> import wslab
>>> server = wslab.serve(wslab.handlers.echo)
>>> port = server.port
>>> server.stop()  # from here on, connections are refused
>>> server = wslab.serve(wslab.handlers.echo, port=port)
>>> server.stop()
"""

from __future__ import annotations

from .client import RawClient
from .handshake import no_answer, redirect, refuse, wrong_accept
from .link import Cut, Link
from .server import (
    abort,
    after,
    fragmented_control_frame,
    frame,
    garbage,
    ignore_pings,
    impossible_length,
    in_turn,
    interrupted_message,
    invalid_close_code,
    invalid_close_reason,
    invalid_utf8,
    lone_continuation,
    masked_frame,
    message_too_big,
    reserved_bit,
    reserved_opcode,
    sends,
    stop_reading,
)

__all__ = [
    "Cut",
    "Link",
    "RawClient",
    "abort",
    "after",
    "fragmented_control_frame",
    "frame",
    "garbage",
    "ignore_pings",
    "impossible_length",
    "in_turn",
    "interrupted_message",
    "invalid_close_code",
    "invalid_close_reason",
    "invalid_utf8",
    "lone_continuation",
    "masked_frame",
    "message_too_big",
    "no_answer",
    "redirect",
    "refuse",
    "reserved_bit",
    "reserved_opcode",
    "sends",
    "stop_reading",
    "wrong_accept",
]
