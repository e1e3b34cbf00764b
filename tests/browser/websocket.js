// What a WebSocket does, event by event, in words: url is the address of the server in
// test_carried.py.

const say = (...words) => console.log(words.join(" "));
const attempt = (name, action) => {
    try {
        say(name, action());
    } catch (error) {
        say(name, error.constructor.name, error.name);
    }
};
const until = (socket, type) =>
    new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
function watch(socket) {
    for (const type of ["open", "message", "error"]) socket["on" + type] = () => say(type);
    socket.addEventListener("close", ({ code, reason, wasClean }) =>
        say("close", code, reason, wasClean, socket.readyState),
    );
    return socket;
}
async function main() {
    for (const path of ["bye", "crash", "vanish", "nonsense", "returns", "refused"]) {
        say(path);
        await until(watch(new WebSocket(url + path)), "close");
    }
    for (const offered of [["chat"], ["graph", "chat"], ["graph"]]) {
        const socket = watch(new WebSocket(url, offered));
        socket.addEventListener("open", () => { say("chosen", socket.protocol); socket.close(); });
        await until(socket, "close");
    }
    for (const args of [[], [1000], [4000, "x"], [undefined], [4000, "é".repeat(61)]]) {
        const socket = watch(new WebSocket(url));
        await until(socket, "open");
        say("closing", args);
        socket.close(...args);
        say("state", socket.readyState);
        await until(socket, "close");
    }
    {
        const socket = watch(new WebSocket(url));
        attempt("early send", () => socket.send("x"));
        say("states", socket.CONNECTING, socket.readyState, WebSocket.OPEN, socket.protocol, socket.bufferedAmount);
        socket.close();
        await until(socket, "close");
    }
    {
        const socket = watch(new WebSocket(new URL(url)));
        say(socket.url === url, socket instanceof EventTarget, socket.onopen === null, socket.binaryType);
        await until(socket, "open");
        attempt("1001", () => socket.close(1001));
        attempt("long", () => socket.close(4000, "x".repeat(124)));
        socket.binaryType = "nodebuffer";
        say(socket.binaryType);
        const big = new Uint8Array(3 * 2 ** 20 + 1).map((_, i) => i * 7);
        const sends = ["Grüße", "\ud800", "\ufeffbom", 42, {}, new Uint8Array([1, 2]), new ArrayBuffer(0),
            new Uint8Array([9, 8, 7, 6]).subarray(1, 3), new DataView(new ArrayBuffer(2)), new Blob(["blob"]), "last", big];
        for (const binaryType of ["blob", "arraybuffer"]) {
            socket.binaryType = binaryType;
            for (const data of sends) socket.send(data);
            if (binaryType === "blob") say("buffered", socket.bufferedAmount);
            const got = [];
            for (const data of sends)
                got.push((await new Promise(resolve => { socket.onmessage = resolve; })).data);
            for (const data of got) {
                if (typeof data === "string") { say("string", JSON.stringify(data)); continue; }
                const buffer = data instanceof Blob ? await data.arrayBuffer() : data;
                const digest = new Uint8Array(buffer).reduce((sum, byte) => (sum * 31 + byte) % 65521, 0);
                say(data.constructor.name, buffer.byteLength, digest);
            }
        }
        socket.close(1000);
        attempt("late", () => socket.send("12345"));
        await until(socket, "close");
        say("unsent", socket.bufferedAmount);
    }
    for (const [address, ...rest] of [["ws://127.0.0.1:0x/"], [url + "#a"], ["ftp://127.0.0.1/"], [url, ["a", "a"]], [url, "no token"]])
        attempt(address.replace(url, ""), () => new WebSocket(address, ...rest));
    say("done");
}

main().catch((error) => { say(error.stack); say("done"); }); // nobody waits here
