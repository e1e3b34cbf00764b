// The same application as apps.py for ws, Bun and Deno: RUNTIME apps.mjs NAME PORT [folder of ws].

import process from "node:process";

const [name, port, folder] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const SLEEP = 2000;
const sleep = () => new Promise((resolve) => setTimeout(resolve, SLEEP));

if (name === "ws") {
  const { createRequire } = await import("node:module");
  const { WebSocketServer } = createRequire(import.meta.url)(folder);
  const verifyClient = ({ req }) => {
    if (req.url === "/early") throw new Error("a bug");
    return req.url !== "/no";
  };
  new WebSocketServer({ host: "127.0.0.1", port, verifyClient }).on("connection", (ws, { url }) => {
    ws.on("error", () => {});
    ws.on("message", async (data) => {
      if (url === "/sleep") await sleep();
      else ws.send(String(data.length));
    });
    if (url === "/raises") throw new Error("a bug");
    if (url === "/returns") ws.close(); // returning means nothing here
    if (url === "/bye") ws.close(4001, "bye");
  });
}

if (name === "bun") {
  Bun.serve({
    hostname: "127.0.0.1",
    port,
    development: false,
    error: () => new Response("", { status: 500 }),
    fetch(request, server) {
      const url = new URL(request.url).pathname;
      if (url === "/early") throw new Error("a bug");
      if (url === "/no" || !server.upgrade(request, { data: url }))
        return new Response("", { status: 403 });
    },
    websocket: {
      open(ws) {
        if (ws.data === "/raises") throw new Error("a bug");
        if (ws.data === "/returns") ws.close();
        if (ws.data === "/bye") ws.close(4001, "bye");
      },
      async message(ws, data) {
        if (ws.data === "/sleep") await sleep();
        else ws.send(String(data.length));
      },
    },
  });
}

if (name === "deno") {
  Deno.serve({ hostname: "127.0.0.1", port, onListen() {}, onError: () => new Response("", { status: 500 }) }, (request) => {
    const url = new URL(request.url).pathname;
    if (url === "/early") throw new Error("a bug");
    if (url === "/no" || request.headers.get("upgrade") !== "websocket")
      return new Response("", { status: 403 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onerror = () => {};
    socket.onmessage = async ({ data }) => {
      if (url === "/sleep") await sleep();
      else socket.send(String(data.length ?? data.size ?? data.byteLength));
    };
    socket.onopen = () => {
      if (url === "/raises") throw new Error("a bug");
      if (url === "/returns") socket.close();
      if (url === "/bye") socket.close(4001, "bye");
    };
    return response;
  });
}
