// The page's half of wslab/_tab/_page.py. A server that runs in a kernel of this page, a Web Worker,
// has no address that a browser could connect to. So the page's WebSocket becomes one whose messages
// go to that kernel, where Python does the handshake and the framing. The interrupt button and the
// messages of widgets take the same way: JupyterLite delivers them only after all queued cells.

(() => {
  const channel = new BroadcastChannel("wslab");
  const sockets = new Map(); // those that are open, or will be
  const PATIENCE = 1000; // milliseconds for a kernel to say that the server is its own
  const tell = (message) => channel.postMessage(message);

  channel.onmessage = ({ data }) => sockets.get(data.id)?.hear(data);

  // ---- the WebSocket ----

  const Native = globalThis.WebSocket;

  // What cannot be seen or called from outside.
  const inner = new WeakMap();

  class KernelWebSocket extends EventTarget {
    constructor(url, protocols = []) {
      super();
      const address = new URL(url, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      if (!/^wss?:$/.test(address.protocol))
        throw new DOMException(`The URL's scheme must be either 'http', 'https', 'ws', or 'wss'.`, "SyntaxError");
      if (address.hash)
        throw new DOMException("The URL contains a fragment identifier.", "SyntaxError");
      inner.set(this, new Connection(this, address.href, [].concat(protocols)));
      for (const type of ["open", "message", "error", "close"]) this["on" + type] = null;
      this.binaryType = "blob";
    }
    get url() {
      return inner.get(this).url;
    }
    get readyState() {
      return inner.get(this).state;
    }
    get protocol() {
      return inner.get(this).protocol;
    }
    get extensions() {
      return "";
    }
    get bufferedAmount() {
      return inner.get(this).buffered;
    }
    send(data) {
      inner.get(this).send(data);
    }
    close(code, reason = "") {
      inner.get(this).close(code, reason);
    }
  }
  for (const [number, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
    const constant = { value: number, enumerable: true };
    Object.defineProperty(KernelWebSocket, name, constant);
    Object.defineProperty(KernelWebSocket.prototype, name, constant);
  }
  // Its name is in what a script prints.
  Object.defineProperty(KernelWebSocket, "name", { value: "WebSocket" });
  KernelWebSocket.isCarriedToKernel = true;

  /** What a KernelWebSocket knows: https://websockets.spec.whatwg.org/#the-websocket-interface */
  class Connection {
    constructor(socket, url, protocols) {
      Object.assign(this, { socket, url, state: 0, protocol: "", buffered: 0 });
      this.id = crypto.randomUUID();
      this.kernel = null; // the one whose server it is
      this.sending = Promise.resolve(); // a Blob is read asynchronously; messages keep their order
      sockets.set(this.id, this);
      tell({ op: "open", id: this.id, url, protocols, origin: location.origin, agent: navigator.userAgent });
      this.request = { url, protocols, origin: location.origin, agent: navigator.userAgent };
      setTimeout(() => this.kernel ?? this.ended({ code: 1006, reason: "", clean: false }), PATIENCE);
    }

    send(data) {
      if (this.state === 0)
        throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
      const size = data.size ?? data.byteLength ?? new TextEncoder().encode(data).length;
      this.buffered += size;
      if (this.state !== 1) return;
      // A copy at once: the caller may use its buffer again.
      if (data instanceof ArrayBuffer) data = data.slice(0);
      else if (ArrayBuffer.isView(data))
        data = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      else if (!(data instanceof Blob)) data = String(data).toWellFormed();
      this.sending = this.sending.then(async () => {
        if (data instanceof Blob) data = await data.arrayBuffer();
        tell({ op: "send", id: this.id, data });
        this.buffered -= size;
      });
    }

    close(code, reason) {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999))
        throw new DOMException(
          `The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`,
          "InvalidAccessError",
        );
      if (new TextEncoder().encode(reason).length > 123)
        throw new DOMException("The message must not be greater than 123 bytes.", "SyntaxError");
      if (this.state >= 2) return;
      const connecting = this.state === 0;
      this.state = 2;
      if (connecting) return this.ended({ code: 1006, reason: "", clean: false });
      this.sending = this.sending.then(() =>
        tell({ op: "close", id: this.id, code: code ?? null, reason }),
      );
    }

    hear({ op, kernel, ...rest }) {
      if (op === "claim" && this.kernel === null) {
        this.kernel = kernel;
        tell({ op: "accept", id: this.id, kernel, ...this.request });
      } else if (op === "opened") {
        this.state = 1;
        this.protocol = rest.protocol;
        this.fire(new Event("open"));
      } else if (op === "message" && this.state === 1) {
        this.fire(new MessageEvent("message", { data: this.received(rest.data), origin: new URL(this.url).origin }));
      } else if (op === "closed") {
        this.ended(rest);
      }
    }

    received(data) {
      if (typeof data === "string") return data;
      if (this.socket.binaryType === "blob") return new Blob([data]);
      return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    }

    ended({ code, reason, clean }) {
      if (!sockets.delete(this.id)) return;
      this.state = 3;
      // In a turn of its own, so that whoever made it can listen first.
      setTimeout(() => {
        if (!clean) this.fire(new Event("error"));
        this.fire(new CloseEvent("close", { code, reason, wasClean: clean }));
      });
    }

    fire(event) {
      this.socket.dispatchEvent(event);
      this.socket["on" + event.type]?.call(this.socket, event);
    }
  }

  globalThis.WebSocket = KernelWebSocket;
  globalThis.NativeWebSocket = Native;

  // ---- the console says what it is ----

  const NOTE = "carried to the kernel in this tab; framing is done by Python";
  new MutationObserver(() => {
    for (const element of document.querySelectorAll(".wslab-console:not([data-carried])")) {
      element.dataset.carried = "";
      const note = document.createElement("div");
      note.textContent = NOTE;
      note.style.opacity = "0.8";
      element.prepend(note);
    }
  }).observe(document, { childList: true, subtree: true });

  // ---- the interrupt, and messages of widgets ----

  /** Change how all of JupyterLab's connections to kernels send, once there is one. */
  function shortcut(app) {
    let changed = false;
    const change = (connection) => {
      if (changed || !connection) return;
      changed = true;
      const prototype = Object.getPrototypeOf(connection);
      const { _sendMessage } = prototype;
      prototype._sendMessage = function (message, queue) {
        // By both ways: a kernel that does not listen here still gets it, one that does, once.
        if (message.header.msg_type === "comm_msg") tell({ op: "comm", ...plain(message) });
        return _sendMessage.call(this, message, queue);
      };
      prototype.interrupt = async function () {
        tell({ op: "interrupt", session: this.clientId });
      };
    };
    const kernels = app.serviceManager.kernels;
    const { connectTo } = kernels;
    kernels.connectTo = function (...options) {
      const connection = connectTo.apply(this, options);
      change(connection);
      return connection;
    };
    for (const widget of app.shell.widgets("main")) change(widget.sessionContext?.session?.kernel);
  }

  const plain = ({ header, parent_header, metadata, content, buffers }) => ({
    header,
    parent_header,
    metadata,
    content,
    buffers: (buffers ?? []).map((buffer) => buffer.buffer?.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength) ?? buffer),
  });

  const looking = setInterval(() => {
    const app = globalThis.jupyterapp;
    if (!app?.serviceManager) return;
    clearInterval(looking);
    shortcut(app);
  }, 50);
})();
