"""TCP in memory: what arrives, what ends, what breaks off."""

from wslab._tab._network import EPHEMERAL, ROOM, End, connect, free_port, listener_on, pair


def _connected():
    listener, client = End(), End()
    listener.handles = client.handles = 1
    listener.bind("127.0.0.1", 0)
    listener.listen()
    assert connect(client, "127.0.0.1", listener.name[1])
    server = listener.accept()
    server.handles = 1
    return listener, client, server


def test_what_is_put_in_can_be_taken_out():
    """In order, in pieces of any size."""
    listener, client, server = _connected()
    assert client.put(b"hello") == 5
    assert server.readable()
    assert server.take(2, peek=True) == b"he"
    assert server.take(2) + server.take(99) == b"hello"
    assert not server.readable()
    assert server.peer_name == client.name
    assert client.peer_name == listener.name


def test_a_full_network_takes_no_more():
    """Until the other side reads."""
    _, client, server = _connected()
    assert client.put(bytes(ROOM + 1)) == ROOM
    assert not client.writable()
    told = []
    client.observers.add(lambda: told.append(client.writable()))
    server.take(1)
    assert told == [True]


def test_the_end_comes_after_the_data():
    """Half-closed: the other direction goes on."""
    _, client, server = _connected()
    client.put(b"last")
    client.end_sending()
    assert server.take(99) == b"last"
    assert server.readable()
    assert server.take(99) == b""
    assert server.put(b"answer") == 6
    assert client.take(99) == b"answer"


def test_closing_with_unread_data_breaks_off():
    """As TCP does: RFC 9293 §3.6.1, RFC 2525 §2.17."""
    _, client, server = _connected()
    client.put(b"unread")
    server.close()
    assert client.reset
    _, client, server = _connected()
    server.close()
    assert client.eof
    assert not client.reset


def test_sending_to_whoever_is_gone_breaks_off():
    """The first time it seems to work."""
    _, client, server = _connected()
    server.close()
    assert client.put(b"hello") == 5
    assert client.reset


def test_only_a_port_that_listens_can_be_connected_to():
    """And only on this machine; a listener that closes takes its waiting clients along."""
    listener, _, _ = _connected()
    port = listener.name[1]
    assert listener_on(port)
    assert not connect(End(), "192.0.2.1", port)
    waiting = End()
    assert connect(waiting, "localhost", port)
    listener.close()
    assert waiting.reset
    assert not listener_on(port)
    assert not connect(End(), "127.0.0.1", port)


def test_a_port_can_be_taken_once():
    """And free ones are those that the system gives out."""
    listener, _, _ = _connected()
    assert not End().bind("127.0.0.1", listener.name[1])
    assert free_port() in EPHEMERAL
    assert free_port() != free_port()


def test_a_pair_is_connected():
    """Both ways."""
    one, two = pair()
    one.handles = two.handles = 1
    one.put(b"1")
    two.put(b"2")
    assert (one.take(9), two.take(9)) == (b"2", b"1")
