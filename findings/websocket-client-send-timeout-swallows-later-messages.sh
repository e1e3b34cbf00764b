#!/usr/bin/env bash
# websocket-client: after a send() that timed out half way, later send() calls succeed, and their messages become part of the one cut short.
#
# Guess: the connection is of no use any more, so it is closed, and the next send() raises.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websocket-client==1.9.2 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import socket
import threading

import websocket
from websockets.server import ServerProtocol

BIG = b"x" * 20_000_000
read_on = threading.Event()
messages = []


def serve(listener):
    """Make the handshake, read nothing until read_on is set, then all."""
    protocol = ServerProtocol(max_size=None)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(30)
        while not (requests := protocol.events_received()):
            protocol.receive_data(connection.recv(65536))
        protocol.send_response(protocol.accept(requests[0]))
        connection.sendall(b"".join(protocol.data_to_send()))
        read_on.wait(30)
        while data := connection.recv(1 << 20):
            protocol.receive_data(data)
            messages.extend(bytes(frame.data) for frame in protocol.events_received())


with socket.create_server(("127.0.0.1", 0)) as listener:
    server = threading.Thread(target=serve, args=[listener])
    server.start()
    ws = websocket.create_connection(f"ws://127.0.0.1:{listener.getsockname()[1]}/", timeout=1)
    try:
        ws.send_binary(BIG)
        raised = None
    except websocket.WebSocketTimeoutException as error:
        raised = type(error).__name__
    print("websocket-client", websocket.__version__, "the big message:", raised)
    connected = ws.connected
    print("connected:", connected)
    read_on.set()
    ws.settimeout(30)
    sent = [ws.send("order 1"), ws.send("order 2")]
    print("send('order 1'), send('order 2') return", sent)
    while not messages:  # until what is missing of the big message is there
        ws.send_binary(b"y" * 60_000)
    ws.shutdown()
    server.join(30)
inside = [len(message) == len(BIG) and b"y" in message for message in messages[:1]]
print("the server's first message: of the big one's length, with later ones inside it:", *inside)
print("an order arrived by itself:", b"order 1" in messages or b"order 2" in messages)
assert raised and connected and inside == [True]
assert b"order 1" not in messages and b"order 2" not in messages
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# websocket-client 1.9.2 the big message: WebSocketTimeoutException
# connected: True
# send('order 1'), send('order 2') return [13, 13]
# the server's first message: of the big one's length, with later ones inside it: True
# an order arrived by itself: False
