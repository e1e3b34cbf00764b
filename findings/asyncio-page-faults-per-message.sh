#!/usr/bin/env bash
# asyncio: each short message that a Protocol receives costs two page faults, a BufferedProtocol none.
#
# Guess: an echo server allocates a few bytes for a message of 38 bytes, and touches no new memory
# once it is warm. Seen on Linux with glibc 2.36, CPython 3.11.7, 3.12.1 and 3.13: 2.0 page faults for
# every message. asyncio's selector transport calls sock.recv(256 * 1024), which allocates that much
# before it is known how little has come; that is over malloc's threshold for mmap (128 KiB), and
# shrinking it to 38 bytes leaves a mapping of one page. A BufferedProtocol gives asyncio its own
# buffer to read into: 0.0. It depends on the allocator: with MALLOC_MMAP_THRESHOLD_=1048576 it is 1.0
# instead of 2.0. Exits with 1 if that has changed. Needs Linux and python3, nothing else.
set -euo pipefail
[ "$(uname -s)" = Linux ] || { echo "this counts page faults as Linux does" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/server.py" <<'PYTHON'
import asyncio
import sys


class Plain(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Buffered(asyncio.BufferedProtocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, memoryview(bytearray(65536))

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        self.transport.write(bytes(self.buffer[:nbytes]))


async def main():
    protocol = {"Protocol": Plain, "BufferedProtocol": Buffered}[sys.argv[1]]
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
PYTHON

cat >"$folder/count.py" <<'PYTHON'
import pathlib
import platform
import socket
import subprocess
import sys

MESSAGES = 3000


def page_faults(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])  # minor faults, those without a disk


def echo(sock, times):
    for _ in range(times):
        sock.sendall(b"x" * 38)
        left = 38
        while left:
            left -= len(sock.recv(left))


print(f"CPython {platform.python_version()}, {' '.join(platform.libc_ver())}")
found = {}
for name in ("Protocol", "BufferedProtocol"):
    command = [sys.executable, sys.argv[1], name]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            port = int(server.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                echo(sock, 200)
                before = page_faults(server.pid)
                echo(sock, MESSAGES)
                found[name] = (page_faults(server.pid) - before) / MESSAGES
        finally:
            server.kill()
    print(f"{name}: {found[name]:.1f} page faults for each message of 38 bytes")
sys.exit(not (found["Protocol"] > 1.5 and found["BufferedProtocol"] < 0.1))
PYTHON

python3 "$folder/count.py" "$folder/server.py"
