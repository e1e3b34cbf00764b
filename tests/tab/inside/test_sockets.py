"""socket.socket: what it returns, and what it raises."""

import errno
import os
import socket
import struct
import threading
import time

import pytest


@pytest.fixture
def connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=5)
        server, address = listener.accept()
        assert address == client.getsockname()
        with client, server:
            yield client, server


def test_bytes_arrive(connection):
    """By each of the functions that send and receive."""
    client, server = connection
    client.sendall(b"abc")
    assert server.recv(2) == b"ab"
    buffer = bytearray(4)
    assert server.recv_into(buffer) == 1
    assert buffer[:1] == b"c"
    assert client.sendmsg([b"d", b"e"]) == 2
    assert server.recv(9, socket.MSG_PEEK) == server.recv(9) == b"de"


def test_reading_waits(connection):
    """For as long as its timeout says."""
    client, server = connection
    threading.Timer(0.02, lambda: client.sendall(b"late")).start()
    assert server.recv(9) == b"late"
    server.settimeout(0.02)
    with pytest.raises(TimeoutError):
        server.recv(9)
    server.setblocking(False)
    assert server.getblocking() is False
    with pytest.raises(BlockingIOError):
        server.recv(9)


def test_sending_waits_for_a_slow_reader(connection):
    """More than the network holds arrives whole."""
    client, server = connection
    data = os.urandom(1_000_000)
    thread = threading.Thread(target=client.sendall, args=(data,))
    thread.start()
    received = b""
    while len(received) < len(data):
        received += server.recv(100_000)
    thread.join(5)
    assert received == data


def test_smaller_buffers_hold_less():
    """Those of both ends, twice; who is accepted has its listener's."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            assert server.send(bytes(100_000)) == 40_960
            client.recv(1000)
            assert server.send(bytes(100_000)) == 1000


def test_the_end(connection):
    """Shut down, the other side reads the end; to write then is an error."""
    client, server = connection
    client.shutdown(socket.SHUT_WR)
    assert server.recv(9) == b""
    with pytest.raises(BrokenPipeError):
        client.send(b"x")
    server.sendall(b"still")
    assert client.recv(9) == b"still"


def test_breaking_off(connection):
    """SO_LINGER with a time of 0: the other side gets a reset."""
    client, server = connection
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(9)


def test_files(connection):
    """makefile() keeps the connection until the file is closed, too."""
    client, server = connection
    file = server.makefile("rb")
    server.close()
    client.sendall(b"one\ntwo\n")
    client.shutdown(socket.SHUT_WR)
    assert file.readlines() == [b"one\n", b"two\n"]
    file.close()


def test_nobody_there():
    """A port without a listener, another machine, a name that is none."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.com", 80)


def test_a_port_that_is_taken():
    """The number of the error is the system's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(OSError, match="already in use") as raised:
            socket.create_server(listener.getsockname())
        assert raised.value.errno == errno.EADDRINUSE


def test_handles():
    """A second handle keeps the port; a closed one is of no use."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    copy = listener.dup()
    listener.close()
    assert listener.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        listener.getsockname()
    with socket.create_connection(address, timeout=5):
        copy.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_dup2_closes_what_was_behind_a_descriptor():
    """What wslab does to leave a port that a blocked server holds."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, listener.fileno())
    os.close(nothing)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    listener.close()


def test_only_streams():
    """There is nobody to send a datagram to."""
    with pytest.raises(OSError, match="stream"):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def test_waiting_for_a_connection_ends_in_time():
    """accept() has a timeout, too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            listener.accept()
        assert time.monotonic() - began < 1
