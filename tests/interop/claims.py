"""What cells of the course say about "the browser", asked of three of them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import trustme
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Data, Subprotocol

import wslab

from . import ends
from .engines import Browser, page


@dataclasses.dataclass(frozen=True)
class Claim:
    """
    A sentence of a notebook.

    Attributes:
        cell: Number of the notebook and id of the cell.
        words: The sentence, shortened.
        script: Body of an ``async`` function of JavaScript with ``base``, the server's address,
            ``open(path, protocols)`` and ``end(socket)``; returns what is to be compared.
        expected: What it returns if the sentence is true.
        but: What it returns in browsers for which the sentence says something else.
        at_home: What is run before, in a page of ``localhost``: to a browser, that is another site
            than 127.0.0.1.
        https: Whether the page comes by ``https``.
    """

    cell: str
    words: str
    script: str
    expected: Any
    but: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    at_home: str = ""
    https: bool = False


CLAIMS = (
    Claim(
        "01 events-idea",
        "A CLOSE that was received is no error, whatever its code.",
        "return await end(new WebSocket(base + '/bye'));",
        [["close", 4001, "bye", True]],
    ),
    Claim(
        "01 events-idea",
        "A connection that is refused fires `error`, then `close` with 1006.",
        "return await end(new WebSocket(base + '/refused'));",
        ["error", ["close", 1006, "", False]],
    ),
    Claim(
        "01 events-refused-see",
        "A connection whose TCP ends without CLOSE fires `close` with 1006, and no `error`.",
        "return await end(new WebSocket(base + '/fin'));",
        [["close", 1006, "", False]],
    ),
    Claim(
        "01 events-refused-see",
        "If TCP was reset, Firefox and WebKit fire `error` before it, Chromium does not.",
        "return await end(new WebSocket(base + '/rst'));",
        ["error", ["close", 1006, "", False]],
        {"Chromium": [["close", 1006, "", False]]},
    ),
    Claim(
        "01 state-idea",
        "`send()` before `onopen` throws `InvalidStateError`.",
        """const socket = new WebSocket(base);
        try { socket.send('x'); } catch (error) { return [socket.readyState, error.name]; }""",
        [0, "InvalidStateError"],
    ),
    Claim(
        "01 state-idea",
        "`send()` after the end throws nothing, and only `bufferedAmount` goes up.",
        """const socket = await open('');
        socket.close();
        await end(socket);
        socket.send('x');
        return [socket.readyState, socket.bufferedAmount > 0];""",
        [3, True],
    ),
    Claim(
        "03 tell-idea",
        "A binary message is a `Blob`, or an `ArrayBuffer` if `binaryType` says so.",
        """const socket = await open('');
        const names = [];
        for (const binaryType of ['blob', 'arraybuffer']) {
            socket.binaryType = binaryType;
            socket.send(new Uint8Array([1, 2]));
            names.push((await message(socket)).constructor.name);
        }
        return names;""",
        ["Blob", "ArrayBuffer"],
    ),
    Claim(
        "13 rsv1-idea",
        "Browsers offer to compress messages.",
        "return (await open('')).extensions.startsWith('permessage-deflate');",
        True,
    ),
    Claim(
        "03 stream-see",
        "A script never sees fragments, only the whole message.",
        "const socket = await open('/fragments'); socket.send(''); return await message(socket);",
        "abc",
    ),
    Claim(
        "04 codes",
        "A script may close with 1000 and with 3000 to 4999 only.",
        """const refused = [];
        for (const code of [999, 1000, 1001, 1011, 2999, 3000, 4999, 5000]) {
            try { new WebSocket(base).close(code); } catch (error) { refused.push(code); }
        }
        return refused;""",
        [999, 1001, 1011, 2999, 5000],
    ),
    Claim(
        "04 normal-idea",
        "A page that is left sends 1001.",
        """const frame = document.body.appendChild(document.createElement('iframe'));
        const socket = new frame.contentWindow.WebSocket(base + '/left');
        await new Promise((resolve) => { socket.onopen = resolve; });
        const left = await open('/who-left');
        frame.remove();
        left.send('');
        return await message(left);""",
        "1001",
    ),
    Claim(
        "04 browser-see",
        "The event `error` says nothing about the reason.",
        """const socket = new WebSocket(base + '/refused');
        const event = await new Promise((resolve) => { socket.onerror = resolve; });
        return [event.constructor.name, event.message ?? null];""",
        ["Event", None],
    ),
    Claim(
        "05 kinds-see",
        "`socket.send({a: 1})` sends `[object Object]`.",
        "const socket = await open(''); socket.send({a: 1}); return await message(socket);",
        "[object Object]",
    ),
    Claim(
        "05 nothing-fits-see",
        "If the server selects none of the subprotocols that were offered, Chromium drops the "
        "connection with 1006, Firefox and WebKit open it.",
        "return await end(new WebSocket(base, ['chat']));",
        ["open"],
        {"Chromium": ["error", ["close", 1006, "", False]]},
    ),
    Claim(
        "05 refuse-see",
        "`new WebSocket(url)` offers no subprotocol.",
        "const socket = await open('/offered'); socket.send(''); return await message(socket);",
        "None",
    ),
    Claim(
        "05 browser-idea",
        "`socket.protocol` says which subprotocol was agreed on.",
        """const socket = new WebSocket(base, ['other', 'agreed']);
        await new Promise((resolve) => { socket.onopen = resolve; });
        return socket.protocol;""",
        "agreed",
    ),
    Claim(
        "05 nan-see",
        "`JSON.parse('NaN')` fails.",
        "try { return JSON.parse('NaN'); } catch (error) { return error.name; }",
        "SyntaxError",
    ),
    Claim(
        "05 str-bytes-see",
        "`JSON.parse(event.data)` fails on a `Blob`.",
        "try { return JSON.parse(new Blob(['{}'])); } catch (error) { return error.name; }",
        "SyntaxError",
    ),
    Claim(
        "07 origin-idea",
        "The handshake has `Origin`, the page's.",
        "const socket = await open('/origin'); socket.send('');"
        " return await message(socket) === location.origin;",
        True,
    ),
    Claim(
        "07 origin-idea",
        "`fetch()` keeps the answer of another origin from a page, unless that allows it.",
        """const asked = fetch(base.replace('ws', 'http') + '/refused');
        return await asked.then((answer) => answer.status, (error) => error.name);""",
        "TypeError",
    ),
    Claim(
        "07 origin-list-see",
        "A sandboxed page has the origin `null`.",
        """const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts';
        frame.srcdoc = `<script>
            const socket = new WebSocket(${JSON.stringify(base + '/origin')});
            socket.onopen = () => socket.send('');
            socket.onmessage = ({ data }) => parent.postMessage(data, '*');
        </script>`;
        const heard = new Promise((resolve) => {
            window.addEventListener('message', ({ data }) => resolve(data), { once: true });
        });
        document.body.append(frame);
        const origin = await heard;
        frame.remove();
        return origin;""",
        "null",
    ),
    Claim(
        "07 who-idea",
        "A cookie goes along with a page on any port of its host, with `SameSite=Strict` too.",
        """document.cookie = 'session=secret; SameSite=Strict';
        const socket = await open('/cookies');
        socket.send('');
        return await message(socket);""",
        "session=secret",
    ),
    Claim(
        "07 who-idea",
        "Without `SameSite`, Chromium and Firefox keep a cookie back from a page of another site, "
        "WebKit sends it.",
        """const socket = new WebSocket(base.replace('127.0.0.1', 'localhost') + '/cookies');
        await new Promise((resolve) => { socket.onopen = resolve; });
        socket.send('');
        return await message(socket);""",
        "None",
        {"WebKit": "session=secret"},
        at_home="document.cookie = 'session=secret';",
    ),
    Claim(
        "07 tls-see",
        "A page that came by `https` may not open `ws`; Chromium and Firefox make an exception for "
        "the user's own machine, WebKit makes none.",
        """const found = [];
        for (const url of ['ws://ws.example', base]) {
            try {
                const socket = new WebSocket(url);
                found.push(await new Promise((resolve) => {
                    socket.onopen = () => resolve('open');
                    socket.onerror = () => resolve('error');
                }));
            } catch (error) { found.push(error.name); }
        }
        return found;""",
        ["SecurityError", "open"],
        {"WebKit": ["error", "error"]},
        https=True,
    ),
    Claim(
        "08 ping-see",
        "The browser answers a PING by itself, with the same payload.",
        "const socket = await open('/ping'); socket.send(''); return await message(socket);",
        "PONG",
    ),
    Claim(
        "08 heartbeat-idea",
        "JavaScript can neither send a PING nor see one.",
        """const socket = await open('');
        return ['ping', 'pong', 'onping', 'onpong'].filter((name) => name in socket);""",
        [],
    ),
    Claim(
        "08 browser-see",
        "There are the events `visibilitychange` and `online`, and `AbortSignal.timeout()`.",
        "return ['onvisibilitychange' in document, 'ononline' in window,"
        " AbortSignal.timeout(1000) instanceof AbortSignal];",
        [True, True, True],
    ),
)

FUNCTION = """async (base, patience) => {
    const open = (path) => new Promise((resolve, reject) => {
        const socket = new WebSocket(base + path);
        socket.onopen = () => resolve(socket);
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    });
    const message = (socket) => new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
    });
    const end = (socket) => new Promise((resolve) => {
        const events = [];
        setTimeout(() => resolve(["open", ...events]), patience);
        socket.onerror = () => events.push("error");
        socket.onclose = ({ code, reason, wasClean }) => {
            events.push(["close", code, reason, wasClean]);
            setTimeout(() => resolve(events), 20); // an error might follow
        };
    });
    SCRIPT
}"""
PATIENCE = 1000  # ms


class _Server:
    """One server for all claims; the path says what it does."""

    def __init__(self) -> None:
        self._left = asyncio.Event()
        self._code = 0

    async def __call__(self, ws: ServerConnection) -> None:
        assert ws.request
        match ws.request.path:
            case "/bye":
                await ends.bye(ws)
            case "/fin":
                await ends.ends_tcp(ws)
            case "/rst":
                await ends.resets_tcp(ws)
            case "/left":
                await ws.wait_closed()
                self._code = ws.close_code or 0
                self._left.set()
            case path:
                async for message in ws:
                    await ws.send(await self._answer(ws, path, message))

    async def _answer(self, ws: ServerConnection, path: str, message: Data) -> Data | list[str]:
        match path:
            case "/fragments":
                return ["a", "b", "c"]
            case "/who-left":
                async with asyncio.timeout(PATIENCE / 1000):
                    await self._left.wait()
                return str(self._code)
            case "/origin":
                return self._header(ws, "Origin")
            case "/cookies":
                return self._header(ws, "Cookie")
            case "/offered":
                return self._header(ws, "Sec-WebSocket-Protocol")
            case "/ping":
                async with asyncio.timeout(PATIENCE / 1000):
                    await (await ws.ping("hi"))
                return "PONG"
        return message

    def _header(self, ws: ServerConnection, name: str) -> str:
        assert ws.request
        return str(ws.request.headers.get(name))


def refuse(connection: ServerConnection, request: Request) -> Response | None:
    """Refuse one path."""
    return connection.respond(403, "no entry\n") if request.path == "/refused" else None


def select(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Agree on one name, and on no other."""
    return next((name for name in offered if name == "agreed"), None)


def ask(browser: Browser) -> dict[str, str]:
    """For each claim ``yes``, or what is so instead."""
    answers = {}
    home = browser.run("async () => location.href")
    for claim in CLAIMS:
        with wslab.serve(
            _Server(),
            name="atlas",
            origins=None,
            compression="deflate",
            process_request=refuse,
            select_subprotocol=select,
        ) as server:
            if claim.at_home:
                browser.visit(home.replace("127.0.0.1", "localhost"))
                browser.run(f"async () => {{ {claim.at_home} }}")
                browser.visit(home)
            function = FUNCTION.replace("SCRIPT", claim.script)
            if claim.https:
                with page(_context()) as url:
                    browser.visit(url)
                    found = browser.run(function, server.url, PATIENCE)
                    browser.visit(home)
            else:
                found = browser.run(function, server.url, PATIENCE)
        answers[f"{claim.cell}: {claim.words}"] = (
            "yes"
            if found == claim.but.get(browser.name, claim.expected)
            else f"no: {_words(found)}"
        )
    return answers


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def _words(found: object) -> str:
    if isinstance(found, list) and found and isinstance(found[-1], list):
        return ends.words(found)
    if found == ["open"]:
        return "it opens"
    return f"`{json.dumps(found)}`"
