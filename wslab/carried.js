// The page's half of carried.py: a class with the interface of WebSocket, whose connection the
// kernel makes. Its rules are those of https://websockets.spec.whatwg.org/. browser.js follows it
// in the same module.

const PIECE = 1 << 20; // bytes in one message to the kernel: jupyter_server takes 10 MiB at most
const SEEN_MESSAGES = 16; // how many arrive before the kernel is told; it lets 64 be on their way
const SEEN_BYTES = 1 << 18; // the same in bytes; it lets 1 MiB be

/** What the page's carried connections have in common: the channel, and who is who. */
class Carrier {
  constructor(tell) {
    this.tell = tell; // takes a message to the kernel, and buffers
    this.sockets = new Map();
    addEventListener("pagehide", () => {
      for (const socket of this.sockets.values()) socket._ask({ act: "close", code: 1001, reason: "" });
    });
  }

  open(socket, protocols) {
    socket._id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.sockets.set(socket._id, socket);
    socket._ask({ act: "open", url: socket.url, protocols, origin: location.origin });
  }

  receive({ id, ...rest }, buffers) {
    this.sockets.get(id)?._receive(rest, buffers);
  }

  /** The kernel is gone, and its connections with it; or it is only cut off, and has to be told. */
  lost() {
    for (const socket of [...this.sockets.values()]) {
      this.sockets.delete(socket._id);
      socket._ask({ act: "fail" });
      socket._end({ code: 1006, reason: "" });
    }
  }
}

class CarriedWebSocket extends EventTarget {
  constructor(url, protocols, carrier) {
    super();
    this.url = webSocketURL(url);
    this.readyState = WebSocket.CONNECTING;
    this.bufferedAmount = 0;
    this.extensions = "";
    this.protocol = "";
    this._binaryType = "blob";
    this._carrier = carrier;
    this._queue = Promise.resolve(); // a Blob is read asynchronously; messages must keep their order
    this._seen = { messages: 0, bytes: 0 };
    for (const type of ["open", "message", "error", "close"]) addHandler(this, type);
    carrier.open(this, subprotocols(protocols));
  }

  get binaryType() {
    return this._binaryType;
  }

  set binaryType(value) {
    if (["blob", "arraybuffer"].includes(value)) this._binaryType = value; // or nothing happens
  }

  send(data) {
    if (this.readyState === WebSocket.CONNECTING)
      throw new DOMException(
        "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.",
        "InvalidStateError",
      );
    const text = !(data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data));
    const payload = text ? new TextEncoder().encode(data) : data instanceof Blob ? data : copy(data);
    this.bufferedAmount += payload.size ?? payload.byteLength;
    if (this.readyState !== WebSocket.OPEN) return; // and bufferedAmount never falls
    this._later(async () =>
      this._sendPieces(text, payload instanceof Blob ? new Uint8Array(await payload.arrayBuffer()) : payload),
    );
  }

  close(code, reason) {
    if (code !== undefined && (code = toUnsignedShort(code)) !== 1000 && !(code >= 3000 && code <= 4999))
      throw new DOMException(
        "Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between " +
          `3000 and 4999. ${code} is neither.`,
        "InvalidAccessError",
      );
    const words = new TextEncoder().encode(reason ?? "");
    if (words.length > 123)
      throw new DOMException(
        "Failed to execute 'close' on 'WebSocket': The close reason must not be greater than 123 " +
          "UTF-8 bytes.",
        "SyntaxError",
      );
    if (this.readyState >= WebSocket.CLOSING) return;
    const connecting = this.readyState === WebSocket.CONNECTING;
    this.readyState = WebSocket.CLOSING;
    if (connecting) return this._ask({ act: "fail" });
    if (words.length) code ??= 1000; // a reason cannot be sent without a code
    this._later(() =>
      this._ask({ act: "close", code: code ?? null, reason: new TextDecoder().decode(words) }),
    );
  }

  _sendPieces(text, bytes) {
    let start = 0;
    do {
      const last = start + PIECE >= bytes.length;
      this._ask({ act: "send", text, last }, [bytes.slice(start, start + PIECE).buffer]);
      start += PIECE;
    } while (start < bytes.length);
  }

  _later(action) {
    this._queue = this._queue.then(action);
  }

  _ask(content, buffers = []) {
    this._carrier.tell({ kind: "carry", id: this._id, ...content }, buffers);
  }

  _receive({ event, ...rest }, buffers) {
    if (event === "open") this._open(rest);
    else if (event === "message") this._message(rest, buffers[0]);
    else if (event === "sent") this.bufferedAmount -= rest.bytes;
    else if (event === "close") this._end(rest);
  }

  _open({ protocol, extensions }) {
    if (this.readyState !== WebSocket.CONNECTING) return;
    Object.assign(this, { protocol, extensions, readyState: WebSocket.OPEN });
    this.dispatchEvent(new Event("open"));
  }

  _message({ text }, view) {
    const bytes = copy(view);
    this._seen.messages += 1;
    this._seen.bytes += bytes.length;
    if (this._seen.messages >= SEEN_MESSAGES || this._seen.bytes >= SEEN_BYTES) {
      this._ask({ act: "seen", ...this._seen });
      this._seen = { messages: 0, bytes: 0 };
    }
    if (this.readyState !== WebSocket.OPEN) return;
    let data = bytes.buffer;
    if (text) data = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    else if (this.binaryType === "blob") data = new Blob([bytes]);
    this.dispatchEvent(new MessageEvent("message", { data, origin: new URL(this.url).origin }));
  }

  _end({ code, reason, was_clean = false, error = false }) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this._carrier.sockets.delete(this._id);
    if (error) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: was_clean }));
  }
}

for (const [value, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries())
  for (const target of [CarriedWebSocket, CarriedWebSocket.prototype])
    Object.defineProperty(target, name, { value, enumerable: true });

/** Give an event target the property onTYPE, as HTML's event handlers have it. */
function addHandler(target, type) {
  let handler = null;
  const call = (event) => handler.call(target, event);
  Object.defineProperty(target, `on${type}`, {
    get: () => handler,
    set(value) {
      if (typeof value !== "function") value = null;
      if (value && !handler) target.addEventListener(type, call);
      if (!value && handler) target.removeEventListener(type, call);
      handler = value;
    },
  });
}

function webSocketURL(url) {
  const syntaxError = (words) =>
    new DOMException(`Failed to construct 'WebSocket': ${words}`, "SyntaxError");
  let parsed;
  try {
    parsed = new URL(url, location.href);
  } catch {
    throw syntaxError(`The URL '${url}' is invalid.`);
  }
  parsed.protocol = parsed.protocol.replace("http", "ws");
  if (!["ws:", "wss:"].includes(parsed.protocol))
    throw syntaxError(`The URL's scheme must be 'ws' or 'wss', not '${parsed.protocol.slice(0, -1)}'.`);
  if (parsed.href.includes("#"))
    throw syntaxError(`The URL contains a fragment identifier ('${parsed.hash}').`);
  return parsed.href;
}

function subprotocols(value = []) {
  const protocols = typeof value === "string" ? [value] : [...value].map(String);
  const isToken = (protocol) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(protocol);
  if (!protocols.every(isToken) || new Set(protocols).size < protocols.length)
    throw new DOMException(
      `Failed to construct 'WebSocket': The subprotocols ${JSON.stringify(protocols)} are invalid or repeated.`,
      "SyntaxError",
    );
  return protocols;
}

/** [Clamp] unsigned short (Web IDL). */
function toUnsignedShort(value) {
  return Math.min(65535, Math.max(0, Math.round(Number(value) || 0)));
}

/** The bytes themselves: what gave them may change them, and they may be part of something. */
function copy(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data).slice();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}
