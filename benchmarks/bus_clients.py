"""
Many clients for `bus.py`, as cheap as clients can be: sockets that count bytes, or read frames.

    python bus_clients.py COUNT ROOMS PORT[,PORT…] [--read]

Client i is in room i modulo ROOMS; the rooms' clients are spread over the ports. Commands come on
standard input: ``expect BYTES`` (tell when so many have come), ``total`` (how many have),
``report FILE``, ``quit``.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import sys
import time
from typing import Any

REQUEST = (
    "GET /{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


class Client:
    """One connection, and what came over it: (time, from whom, number), and gap notices."""

    def __init__(self, room: str, port: int) -> None:
        self.room, self.port = room, port
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.sendall(REQUEST.format(room).encode())
        self.unread = b""
        self.got: list[tuple[float, str, int]] = []
        self.gaps: list[float] = []

    def finish_handshake(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.sock.recv(1)
        assert b" 101 " in head, head
        self.sock.setblocking(False)

    def read_frames(self, data: bytes) -> None:
        """Note each message: the server's frames are not masked, and here below 64 KiB."""
        now, buffer = time.monotonic(), self.unread + data
        while len(buffer) >= 4:
            length, start = buffer[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(buffer[2:4], "big"), 4
            if len(buffer) < start + length:
                break
            payload, buffer = buffer[start : start + length], buffer[start + length :]
            if payload.startswith(b"{"):
                self.note(now, json.loads(payload))
        self.unread = buffer

    def note(self, now: float, event: dict[str, Any]) -> None:
        if "from" not in event:
            self.gaps.append(now)
        elif event["room"] == self.room:
            self.got.append((now, event["from"], event["n"]))
        else:
            raise ValueError(f"{self.room} got a message for {event['room']}")


class Crowd:
    def __init__(self, count: int, rooms: int, ports: list[int], read: bool) -> None:
        self.read, self.total, self.expected, self.closed = read, 0, -1, 0
        self.poll = select.epoll()
        self.clients: dict[int, Client] = {}
        for i in range(count):
            client = Client(f"room{i % rooms:04}", ports[i // rooms % len(ports)])
            self.clients[client.sock.fileno()] = client
        for number, client in self.clients.items():
            client.finish_handshake()
            self.poll.register(number, select.EPOLLIN)
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN)
        say(connected=count)

    def run(self) -> None:
        while True:
            if not self.read:
                time.sleep(0.02)  # counting bytes: seldom and many are cheaper
            for number, _ in self.poll.poll(0.05 if self.read else 0.2, 4096):
                if number == sys.stdin.fileno():
                    for line in os.read(number, 4096).decode().splitlines() or ["quit"]:
                        self.obey(*line.split())
                else:
                    self.receive(number)
            if 0 <= self.expected <= self.total:
                say(reached=time.monotonic())
                self.expected = -1

    def receive(self, number: int) -> None:
        try:
            data = self.clients[number].sock.recv(2**16)
        except OSError:
            data = b""
        if not data:
            self.closed += 1
            self.poll.unregister(number)
        self.total += len(data)
        if self.read:
            self.clients[number].read_frames(data)

    def obey(self, command: str, argument: str = "") -> None:
        if command == "quit":
            sys.exit()
        if command == "expect":
            self.total, self.expected = 0, int(argument)
        elif command == "total":
            say(total=self.total)
        else:
            clients = [(c.room, c.port, c.got, c.gaps) for c in self.clients.values()]
            with open(argument, "w", encoding="utf-8") as file:
                json.dump(clients, file)
            say(closed=self.closed, clients=len(clients))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("rooms", type=int)
    parser.add_argument("ports")
    parser.add_argument("--read", action="store_true")
    options = parser.parse_args()
    ports = [int(port) for port in options.ports.split(",")]
    Crowd(options.count, options.rooms, ports, options.read).run()
