"""The browser console, used as a person would: typed into, clicked, edited, looked at."""

# ruff: noqa: RUF001 - the console marks with an angle what a script says

from __future__ import annotations

import http.server
import io
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from .conftest import Tab, send


def log(console: Locator) -> list[str]:
    """The lines in the console's log."""
    return console.get_by_role("log").locator("> div").all_text_contents()


def expect_log(console: Locator, *lines: str | re.Pattern[str]) -> None:
    """Wait until these are the lines of the console's log."""
    expect(console.get_by_role("log").locator("> div")).to_have_text(list(lines))


def test_typing_and_sending(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Text, JSON and bytes are sent as they are typed; what is wrong is said and not sent."""
    console = lesson()
    send(console, "text", "Grüße <b>&</b> 😀")
    send(console, "JSON", '{"a":  [1, null]}')
    send(console, "JSON", "{'a': 1}")
    send(console, "hex bytes", "2a 00 FF")
    send(console, "hex bytes", "2a 0")
    lines = console.get_by_role("log").locator("> div")
    expect(lines).to_have_count(9)
    # The error lines are written at once, the messages when they come back.
    shown = log(console)
    assert shown[0] == "open"
    assert [line for line in shown if line.startswith("message")] == [
        'message  "Grüße <b>&</b> 😀"',
        'message  "{\\"a\\":[1,null]}"',
        "message  Blob(3) 2a 00 ff",
    ]
    assert [line for line in shown if line.startswith("sent")] == [
        'sent  "Grüße <b>&</b> 😀"',
        'sent  "{\\"a\\":[1,null]}"',
        "sent  3 bytes 2a 00 ff",
    ]
    wrong = [line for line in shown if line.startswith("›")]
    assert re.fullmatch(r"› SyntaxError: .*JSON.*", wrong[0])
    assert wrong[1:] == ["› Error: hex bytes look like this: 2a 00 ff"]
    expect(console.locator(".error")).to_have_count(2)
    assert lab.run(2, "[(await console.event('message')).data for _ in range(3)]") == (
        "['Grüße <b>&</b> 😀', '{\"a\":[1,null]}', b'*\\x00\\xff']"
    )


def test_what_comes_is_shown_as_text(lesson: Callable[..., Locator], lab: Tab) -> None:
    """A server cannot put markup into the page."""
    console = lesson()
    send(console, "text", "<img src=x onerror=\"document.title='owned'\">")
    expect(console.get_by_role("log").locator("> div")).to_have_count(3)
    assert console.get_by_role("log").locator("img").count() == 0
    assert lab.page.title() != "owned"


def test_python_sees_the_same(lesson: Callable[..., Locator], lab: Tab) -> None:
    """A cell sends through the browser, awaits its events and sees both clients at the server."""
    console = lesson()
    assert lab.run(2, "await console.event('open')") == "<open>"
    assert lab.run(2, "await console.send('hello'); await console.event('message')") == (
        "<message data='hello' data_type='string'>"
    )
    assert lab.run(2, "await console.send(bytes([1, 2])); await console.event('message')") == (
        "<message data=b'\\x01\\x02' data_type='Blob'>"
    )
    assert lab.run(2, "await console.send(b''); await console.event('message')") == (
        "<message data=b'' data_type='Blob'>"
    )
    assert lab.run(2, "wslab.talk(server.url, 'from Python')") == "['from Python']"
    text = lab.run(2, "print(server.transcript)")
    assert "'hello'" in text
    assert "'from Python'" in text
    send(console, "text", "typed")
    expect(console.get_by_role("log")).to_contain_text("typed")
    assert lab.run(2, "(await console.event('message')).data") == "'typed'"
    assert lab.run(2, "await console.event(timeout=0.2)").startswith(
        "TimeoutError: the browser fired no 'event' in 0.2 s"
    )
    assert lab.run(2, "await console.close(1001)").startswith("BrowserError: InvalidAccessError")
    assert lab.run(2, "await console.close(4000, 'enough'); await console.event('close')") == (
        "<close code=4000 reason='enough' was_clean=True>"
    )
    assert lab.run(2, "await console.send('late')") == (
        "BrowserError: Error: the connection is CLOSED; send() needs an OPEN one"
    )
    assert lab.run(2, "await console.connect(); await console.event('open')") == "<open>"
    assert lab.run(2, "await console.run('socket.send(\"script\")')") == ""
    assert lab.run(2, "(await console.event('message')).data") == "'script'"
    assert lab.run(2, "await console.run('nonsense(')").startswith("BrowserError: SyntaxError")


def test_closing_and_connecting(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Code and reason reach the server; the button connects again; the browser's limits show."""
    console = lesson()
    status = console.get_by_role("status")
    console.get_by_label("Close code").fill("4321")
    console.get_by_label("Close reason").fill("lunch")
    console.get_by_role("button", name="Close").click()
    expect(status).to_have_text("CLOSED")
    expect_log(console, "open", 'close  code=4321 reason="lunch" wasClean=true')
    assert "4321 (private use) 'lunch'" in lab.run(2, "print(server.transcript)")
    send(console, "text", "too late")
    expect(console.locator(".error")).to_have_text(
        "› Error: the connection is CLOSED; send() needs an OPEN one"
    )
    console.get_by_role("button", name="Connect").click()
    expect(status).to_have_text("OPEN")
    console.get_by_label("Close code").fill("1001")
    console.get_by_role("button", name="Close").click()
    expect(console.locator(".error").last).to_contain_text("InvalidAccessError")
    expect(status).to_have_text("OPEN")


def test_a_server_that_is_replaced(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Running the server's cell again closes with 1001; the console finds the new one."""
    console = lesson()
    lab.run(0)
    expect(console.get_by_role("status")).to_have_text("CLOSED")
    expect(console.get_by_role("log")).to_contain_text("code=1001")
    console.get_by_role("button", name="Connect").click()
    expect(console.get_by_role("status")).to_have_text("OPEN")
    send(console, "text", "again")
    expect(console.get_by_role("log")).to_contain_text('message  "again"')
    assert "'again'" in lab.run(2, "print(server.transcript)")


def test_a_server_that_is_stopped(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Where nobody listens, the browser says error and close 1006."""
    console = lesson()
    lab.run(2, "server.stop()")
    expect(console.get_by_role("status")).to_have_text("CLOSED")
    console.get_by_role("button", name="Connect").click()
    expect(console.get_by_role("log")).to_contain_text("code=1006")
    expect(console.locator(".error").last).to_contain_text("error")
    # The browser's own words to the page's console about the connection that was refused.
    assert [error for error in lab.errors if "ERR_CONNECTION_REFUSED" not in error] == []
    lab.errors.clear()


def picture(size: tuple[int, int] = (40, 30)) -> bytes:
    """A red PNG."""
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, "PNG")
    return file.getvalue()


def test_files_and_pictures(lesson: Callable[..., Locator], lab: Tab) -> None:
    """A file is sent as one binary message; a picture that comes is drawn on a canvas."""
    console = lesson()
    chooser = console.get_by_label("Send a file")
    chooser.set_input_files(
        {"name": "notes.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(20))}
    )
    expect(console.get_by_role("log")).to_contain_text("Blob(20) 00 01 02")
    assert console.locator("canvas").count() == 0
    chooser.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": picture()})
    drawn = console.get_by_role("img", name="the picture that was received, 40 × 30")
    expect(drawn).to_be_visible()
    pixel = "canvas => [...canvas.getContext('2d').getImageData(20, 15, 1, 1).data]"
    assert drawn.evaluate(pixel) == [200, 30, 30, 255]
    # The same file once more is another message.
    chooser.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": picture()})
    expect(console.locator("canvas")).to_have_count(2)
    sizes = lab.run(2, "[len((await console.event('message')).data) for _ in range(3)]")
    assert sizes == str([20, len(picture()), len(picture())])
    # What only begins as a picture does is a line like others.
    send(console, "hex bytes", "89 50 4e 47 00")
    expect(console.get_by_role("log")).to_contain_text("Blob(5) 89 50 4e 47 00")
    expect(console.locator("canvas")).to_have_count(2)


def test_binary_type(lesson: Callable[..., Locator], lab: Tab) -> None:
    """What a binary message becomes can be chosen, for this connection and the next one."""
    console = lesson()
    choice = console.get_by_label("binaryType")
    expect(choice).to_have_value("blob")
    send(console, "hex bytes", "01")
    expect(console.get_by_role("log")).to_contain_text("message  Blob(1) 01")
    choice.select_option("arraybuffer")
    send(console, "hex bytes", "02")
    expect(console.get_by_role("log")).to_contain_text("message  ArrayBuffer(1) 02")
    console.get_by_role("button", name="Connect").click()
    expect(console.get_by_role("log")).to_contain_text("code=1000")
    expect(console.get_by_role("status")).to_have_text("OPEN")
    send(console, "hex bytes", "03")
    expect(console.get_by_role("log")).to_contain_text("message  ArrayBuffer(1) 03")
    assert lab.run(2, "[(await console.event('message')).data for _ in range(3)]") == (
        "[b'\\x01', b'\\x02', b'\\x03']"
    )


def test_much_traffic(lesson: Callable[..., Locator], lab: Tab) -> None:
    """The page keeps the last 500 lines and says how many are gone; the kernel has more."""
    console = lesson()
    lab.run(2, "await console.run('for (let i = 0; i < 400; i++) socket.send(String(i))')")
    lab.run(2, "await console.events('message', 400)")
    expect(console).to_contain_text("301 earlier lines are not shown any more")
    expect(console.get_by_role("log").locator("> div")).to_have_count(500)
    assert lab.run(2, "len(console.log), console.log.dropped") == "(401, 0)"
    megabyte = (
        "const data = new Uint8Array(2 ** 20); for (let i = 0; i < 20; i++) socket.send(data)"
    )
    lab.run(2, f"await console.run({megabyte!r})")
    lab.run(2, "await console.events('message', 420, timeout=10)", seconds=15)
    expect(console.get_by_role("log").locator("> div")).to_have_count(16)
    assert lab.run(2, "len(console.log), console.log.dropped") == "(15, 406)"


def test_writing_javascript(lesson: Callable[..., Locator], lab: Tab) -> None:
    """JavaScript is edited and run, as often as one likes; its errors show in the log."""
    console = lesson()
    console.get_by_text("JavaScript", exact=True).click()
    editor = console.get_by_label("JavaScript to run in this page")
    run = console.get_by_role("button", name="Run")
    editor.fill("const words = ['a', 1, null];\nconsole.log('words:', words);\nsocket.send('run')")
    run.click()
    run.click()
    expect(console.get_by_text('› words: ["a",1,null]')).to_have_count(2)
    expect(console.get_by_text('message  "run"')).to_have_count(2)
    editor.fill("null.x")
    run.click()
    expect(console.locator(".error").last).to_contain_text("› TypeError: Cannot read properties")
    editor.fill("await new Promise(r => setTimeout(r, 10)); console.error('awaited', new Blob())")
    run.click()
    expect(console.locator(".error").last).to_have_text("› awaited Blob(0)")
    # Keys that are JupyterLab's commands (x cuts the cell) are only letters here.
    editor.press_sequentially("xxddaabb")
    assert lab.evaluate("(panel) => panel.content.widgets.length") == 3


# --- The client programs of the course's text, but for the URL ----------------------------------

SECTION_1 = """\
// Establish a WebSocket connection
const socket = new WebSocket(url);

// Event handler for when the connection is opened
socket.onopen = function(event) {
    console.log('Connection established!');
    
    // Send a message to the server after connection is opened
    socket.send('Hello, server!');  // Sending a simple string message
    socket.send(JSON.stringify({ message: 'Hello from client', timestamp: Date.now() }));  // Sending a JSON object
};

// Event handler for receiving messages from the server
socket.onmessage = function(event) {
    console.log('Message from server: ', event.data);
    
    // Example of parsing JSON message received from server
    try {
        const serverMessage = JSON.parse(event.data);
        console.log('Parsed message from server:', serverMessage);
    } catch (e) {
        console.error('Invalid JSON from server:', e);
    }
};

// Event handler for errors
socket.onerror = function(error) {
    console.error('WebSocket error:', error);
};

// Event handler for connection closure
socket.onclose = function(event) {
    console.log('Connection closed:', event);
};
"""  # noqa: E501, W293

SECTION_3 = """\
// Send an ArrayBuffer (binary data)
const buffer = new ArrayBuffer(8); // Create a simple 8-byte buffer
const uint8View = new Uint8Array(buffer);
uint8View[0] = 42;  // Example of filling the buffer with some data
socket.send(buffer);  // Send binary data

// Receive binary data from the server
socket.onmessage = function(event) {
    if (event.data instanceof ArrayBuffer) {
        console.log('Received binary data:', event.data);
    } else {
        console.log('Received message:', event.data);
    }
};
"""

SECTION_4 = """\
socket.onmessage = function(event) {
    try {
        const data = JSON.parse(event.data);
        console.log('Received parsed data:', data);
    } catch (e) {
        console.error('Failed to parse message:', e);
    }
};
"""


def show(script: str) -> str:
    """A cell that shows a console with a script."""
    return f"console = wslab.BrowserConsole(server, script={script!r})\nconsole"


def test_the_control_follows_a_script(lesson: Callable[..., Locator]) -> None:
    """It shows the binaryType that a script has set, and Connect makes a connection with that."""
    console = lesson("echo", show("socket.binaryType = 'arraybuffer';"))
    choice, log = console.get_by_label("binaryType"), console.get_by_role("log")
    expect(choice).to_have_value("arraybuffer")
    console.get_by_role("button", name="Connect").click()
    expect(log.get_by_text("open", exact=True)).to_have_count(2)
    expect(choice).to_have_value("arraybuffer")
    send(console, "hex bytes", "01")
    expect(log).to_contain_text("message  ArrayBuffer(1) 01")
    choice.select_option("blob")
    console.get_by_role("button", name="Connect").click()
    expect(log.get_by_text("open", exact=True)).to_have_count(3)
    send(console, "hex bytes", "02")
    expect(log).to_contain_text("message  Blob(1) 02")
    # A new WebSocket begins with "blob" in every browser, whatever the one before it had.
    choice.select_option("arraybuffer")
    console.get_by_label("JavaScript to run in this page").fill("new WebSocket(url)")
    console.get_by_role("button", name="Run").click()
    expect(choice).to_have_value("blob")


def test_the_program_of_section_1(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Sending and receiving: greetings both ways, JSON parsed or not, and the goodbye."""
    console = lesson("send_and_receive", show(SECTION_1))
    message = "Message from server: "
    json_sent = r'{\\?"message\\?":\\?"Hello from client\\?",\\?"timestamp\\?":\d+}'
    data = rf'{{"response":"Message received","data":{json_sent}}}'

    def received(text: str) -> list[re.Pattern[str]]:
        return [re.compile("^message  "), re.compile(f"^› {message} {text}$")]

    wrong = re.compile("^› Invalid JSON from server: SyntaxError: ")
    expect_log(
        console,
        "open",
        "› Connection established!",
        'sent  "Hello, server!"',
        re.compile('^sent  ".*Hello from client'),
        *received("Welcome to the WebSocket server!"),
        wrong,
        *received("Server received: Hello, server!"),
        wrong,
        *received("Error: Invalid JSON message"),
        wrong,
        *received(f"Server received: {json_sent}"),
        wrong,
        *received(data),
        re.compile(f"^› Parsed message from server: {data}$"),
    )
    console.get_by_role("button", name="Close").click()
    expect(console.get_by_role("log")).to_contain_text(
        '› Connection closed: CloseEvent code=1000 reason="" wasClean=true'
    )
    # It can be run again as it is, and as it is edited.
    console.get_by_role("button", name="Run").click()
    expect(console.get_by_text("› Connection established!")).to_have_count(2)
    assert "'Hello, server!'" in lab.run(2, "print(server.transcript)")


@pytest.mark.parametrize("binary_type", ["blob", "arraybuffer"])
def test_the_program_of_section_3(
    binary_type: str, lesson: Callable[..., Locator], lab: Tab
) -> None:
    """Binary data: with the browser's default it never is an ArrayBuffer, which is a lesson."""
    console = lesson("binary_data")
    expect(console.get_by_role("log")).to_contain_text("message  Blob(4) 01 02 03 04")
    console.get_by_label("binaryType").select_option(binary_type)
    console.get_by_text("JavaScript", exact=True).click()
    console.get_by_label("JavaScript to run in this page").fill(SECTION_3)
    console.get_by_role("button", name="Run").click()
    text = "Received binary data: 2a 00 00 00 00 00 00 00"
    expect(console.get_by_role("log")).to_contain_text(f"› Received message: {text}")
    assert "2a 00 00 00 00 00 00 00" in lab.run(2, "print(server.transcript)")


def test_the_program_of_section_4(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Errors: what is no JSON is reported, and the connection lives on."""
    console = lesson("echo", show(SECTION_4))
    send(console, "text", "no JSON")
    expect(console.locator(".error")).to_have_text(
        re.compile("^› Failed to parse message: SyntaxError: ")
    )
    send(console, "JSON", '{"a": 1}')
    expect(console.get_by_role("log")).to_contain_text('› Received parsed data: {"a":1}')
    expect(console.get_by_role("status")).to_have_text("OPEN")


# --- Other pages --------------------------------------------------------------------------------


@pytest.fixture
def other_page(tmp_path: Path) -> Iterator[str]:
    """Address of a page that has nothing to do with the notebook."""
    (tmp_path / "index.html").write_text("<!doctype html><link rel=icon href=data:>")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    thread.join()
    server.server_close()


def test_other_pages_are_refused(
    lesson: Callable[..., Locator], lab: Tab, other_page: str, new_tab: Callable[..., Tab]
) -> None:
    """The console's page is let in; a page from elsewhere, in the same browser, gets 403."""
    lesson()
    url = lab.run(2, "print(server.url)").strip()
    tab = new_tab(other_page)
    code = tab.page.evaluate(
        """url => new Promise(resolve => {
            const socket = new WebSocket(url);
            socket.onopen = () => resolve('let in');
            socket.onclose = event => resolve(event.code);
        })""",
        url,
    )
    assert code == 1006
    (error,) = tab.errors
    assert "Unexpected response code: 403" in error
    tab.errors.clear()
