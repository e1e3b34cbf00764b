// An echo server by ws, with permessage-deflate; on every path.
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: { threshold: 0 },
  handleProtocols: (offered) => (offered.has("echo") ? "echo" : false),
});
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    console.log(JSON.stringify([!isBinary, data.toString("base64")]));
    socket.send(data, { binary: isBinary });
  });
});
