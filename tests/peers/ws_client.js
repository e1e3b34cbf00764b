// Sends messages to an echo server, each after the echo of the one before: node ws_client.js URL
const WebSocket = require("ws");

const messages = ["hello hello hello", Buffer.from([0, 1, 255]), "x".repeat(100000), "hello hello"];
const socket = new WebSocket(process.argv[2], ["echo"], { perMessageDeflate: { threshold: 0 } });
let next = 0;
const send = () => (next < messages.length ? socket.send(messages[next++]) : socket.close(4000, "bye"));
socket.on("open", send);
socket.on("message", (data, isBinary) => {
  console.log(JSON.stringify([!isBinary, data.toString("base64")]));
  send();
});
