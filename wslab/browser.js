// The page's half of browser.py. The connection belongs to the widget's model, not to its view:
// JupyterLab may draw a console late, twice or not at all. Whatever comes from the wire is shown
// as text, never as HTML.

const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
const MAX_LOG = 500; // lines
const MAX_LOG_BYTES = 16 * 2 ** 20; // of binary messages in them, and characters of others
const PRESENCE_MS = 3000; // for the page that acts to say that it is there

// ---- the model's half: sockets, scripts, and the channel to the kernel ----

class Client {
  constructor(model) {
    this.model = model;
    this.id = crypto.getRandomValues(new Uint32Array(4)).join("-"); // this page's name
    this.actor = null; // the name of the page that acts: the notebook may be open in several tabs
    this.watched = false; // whether other pages look on while this one acts
    this.told = ""; // the state that they were told last
    this.remoteState = STATES[0]; // the state of the page that acts, if that is another one
    this.port = null;
    this.script = "";
    this.socket = null;
    this.binaryType = "blob"; // of the socket, and of the one that the button makes
    this.due = false; // whether it has yet to connect, or to run its script
    this.abandoned = false; // whether the kernel that made this console is gone
    this.log = []; // what the views show
    this.logBytes = 0;
    this.dropped = 0; // how many earlier lines are not in it any more
    this.views = new Set();
    this.queue = Promise.resolve(); // a Blob is read asynchronously; events must keep their order
    this.carrier = new Carrier((content, buffers) => this.tell(content, buffers));
    this.WebSocket = this.recorded(WebSocket);
    if (!isHere()) {
      const Direct = this.WebSocket;
      const { carrier } = this;
      const Carried = this.recorded(
        class extends CarriedWebSocket {
          constructor(url, protocols) {
            super(url, protocols, carrier);
          }
        },
      );
      // The kernel's own addresses are carried; any other is the page's affair.
      this.WebSocket = class extends Carried {
        constructor(url, protocols) {
          if (!isLoopback(new URL(webSocketURL(url)).hostname)) return new Direct(url, protocols);
          super(url, protocols);
        }
      };
    }
    this.console = Object.fromEntries(
      ["log", "info", "warn", "error"].map((level) => [
        level,
        (...words) => this.write(level === "error" ? "error" : "log", words.map(describe).join(" ")),
      ]),
    );
    model.on("comm_live_update", () => this.carrier.lost()); // the kernel restarts, or is gone
    model.on("msg:custom", (content, buffers) => this.receive(content, buffers ?? []));
    // A page that is closed or reloaded says so if it can, and another one need not wait.
    this.leave = () => this.tell({ kind: "gone", page: this.id });
    this.arrive = () => model.send({ kind: "ready", page: this.id, origin: location.origin });
    this.comeBack = ({ persisted }) => persisted && this.arrive();
    addEventListener("pagehide", this.leave);
    addEventListener("pageshow", this.comeBack);
    this.arrive();
  }

  /** The notebook is closed, or the output is gone for good. */
  dispose() {
    removeEventListener("pagehide", this.leave);
    removeEventListener("pageshow", this.comeBack);
    clearTimeout(this.takeover);
    this.socket?.close(1000);
    this.leave();
  }

  get acting() {
    return this.actor === this.id;
  }

  /** Whether another page acts, and this one only shows what happens there. */
  get looking() {
    return this.actor !== null && !this.acting;
  }

  /** A WebSocket whose events go into the log before any handler of a script sees them. */
  recorded(Base) {
    const client = this;
    return class extends Base {
      constructor(url, protocols) {
        super(...(protocols === undefined ? [url] : [url, protocols]));
        for (const type of ["open", "message", "error", "close"])
          this.addEventListener(type, (event) => client.record(event));
        client.socket = this;
        client.binaryType = this.binaryType;
        client.changed();
      }
      get binaryType() {
        return super.binaryType;
      }
      set binaryType(value) {
        super.binaryType = value;
        if (client.socket === this) client.binaryType = this.binaryType;
        client.changed();
      }
      send(data) {
        super.send(data);
        if (this.readyState === WebSocket.OPEN) client.recordSent(data);
      }
      close(...args) {
        super.close(...args);
        client.changed();
      }
    };
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/`;
  }

  async receive({ do: what, number, to = this.id, ...rest }, buffers) {
    if (to !== this.id) return; // what the kernel sends reaches every page
    let error = null;
    try {
      if (what === "configure") await this.configure(rest);
      else if (what === "ping") this.tellState();
      else if (what === "watched") this.beWatched();
      else if (what === "alive") this.hearState(rest);
      else if (what === "show") this.showOther(rest.entry, buffers);
      else if (what === "vacant") this.take(null);
      else if (what === "connect") this.connect();
      else if (what === "send") this.send(buffers.length ? toArrayBuffer(buffers[0]) : rest.text);
      else if (what === "close") this.close(rest.code, rest.reason);
      else if (what === "run") await this.run(rest.script);
      else if (what === "carried") this.carrier.receive(rest, buffers);
    } catch (exception) {
      error = String(exception);
    }
    if (number !== undefined) this.tell({ kind: "reply", number, error });
  }

  async configure({ port, script, again, actor, newcomer }) {
    const acted = this.acting;
    this.actor = actor;
    this.port = port;
    this.script = script ?? "";
    clearTimeout(this.takeover);
    if (this.looking) this.look(acted, newcomer === this.id);
    else if (acted) this.share(newcomer);
    else this.due = true;
    // The tab whose cell made the console may be about to say that it is ready.
    if (actor === null) this.takeover = setTimeout(() => this.take(null), PRESENCE_MS);
    this.changed();
    // A page that is reloaded gets every console that the kernel ever made: those of outputs that
    // are long replaced stay silent.
    if (!again || this.views.size) await this.start();
  }

  /** Look on while another page acts; take its place if it does not say that it is there. */
  look(acted, isNew) {
    this.due = false;
    if (acted) this.socket?.close(1000);
    this.tell({ kind: "looking", page: this.id });
    const { actor } = this;
    if (isNew) this.takeover = setTimeout(() => this.take(actor), PRESENCE_MS);
  }

  /** Ask to be the page that acts; it is refused if `insteadOf` is not the one that does. */
  take(insteadOf) {
    this.tell({ kind: "take", page: this.id, instead_of: insteadOf });
  }

  /** Another page looks on: from here on it is told what this one does. */
  beWatched() {
    this.watched = true;
    this.tellState();
  }

  /** Tell a page that comes to look on what has happened so far. */
  share(newcomer) {
    if (!newcomer) return;
    this.watched = true;
    this.tellState({ to: newcomer });
    for (const entry of this.log) this.tellEntry(entry, { to: newcomer });
  }

  tellState(to = {}) {
    this.told = this.state;
    this.tell({ kind: "here", page: this.id, state: this.state, ...to });
  }

  tellEntry({ bytes, ...entry }, to = {}) {
    this.tell({ kind: "entry", page: this.id, entry, ...to }, bytes ? [bytes] : []);
  }

  hearState({ state, first }) {
    if (!this.looking) return;
    clearTimeout(this.takeover);
    if (first) this.clear(); // all that happened so far comes now
    this.remoteState = state;
    this.changed();
  }

  showOther(entry, buffers) {
    if (this.looking) this.show({ ...entry, bytes: buffers.length ? toArrayBuffer(buffers[0]) : null });
  }

  async start() {
    if (!this.due || !this.acting) return;
    this.due = false;
    if (this.script) await this.run(this.script).catch((exception) => this.console.error(exception));
    else this.connect();
  }

  connect() {
    if (this.socket && this.socket.readyState < WebSocket.CLOSING) this.socket.close(1000);
    const { binaryType } = this; // a new WebSocket's is "blob", and the control follows it
    const socket = new this.WebSocket(this.url);
    socket.binaryType = binaryType;
  }

  send(data) {
    if (this.socket?.readyState !== WebSocket.OPEN)
      throw new Error(`the connection is ${this.state}; send() needs an OPEN one`);
    this.socket.send(data);
  }

  close(code, reason) {
    if (!this.socket) throw new Error("there is no connection to close");
    this.socket.close(code, reason);
  }

  async run(script) {
    const AsyncFunction = (async () => {}).constructor;
    // A block of its own, so that the script may declare a `socket` itself.
    const body = new AsyncFunction("url", "socket", "WebSocket", "console", `{${script}\n}`);
    let socket = this.socket;
    if (!makesConnection(script)) socket = await this.opened();
    await body(this.url, socket, this.WebSocket, this.console);
  }

  /** An open connection, for a script that makes none itself. */
  async opened() {
    if (!this.socket || this.socket.readyState >= WebSocket.CLOSING) this.connect();
    const { socket } = this;
    if (socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve, { once: true });
        socket.addEventListener("close", () => reject(new Error("no connection")), { once: true });
      });
    return socket;
  }

  get state() {
    if (this.looking) return this.remoteState;
    return this.socket ? STATES[this.socket.readyState] : "not connected";
  }

  record(event) {
    const fields = { type: event.type };
    let bytes = null;
    if (event.type === "message") {
      fields.data_type = typeof event.data === "string" ? "string" : event.data.constructor.name;
      if (typeof event.data === "string") fields.data = event.data;
      else bytes = event.data instanceof Blob ? event.data.arrayBuffer() : event.data;
    } else if (event.type === "close") {
      Object.assign(fields, { code: event.code, reason: event.reason, was_clean: event.wasClean });
    }
    this.queue = this.queue.then(async () => this.keep(fields, bytes && (await bytes)));
    this.changed();
  }

  write(level, words) {
    this.queue = this.queue.then(() => this.keep({ type: "log", data_type: level, data: words }));
  }

  keep(fields, bytes) {
    if (this.looking) return; // the last words of the connection that was this page's
    this.tellEntry({ ...fields, bytes });
    this.show({ ...fields, bytes });
  }

  /** What was sent is shown, but it is no event, so Python's log has it not. */
  recordSent(data) {
    const binary = data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data);
    const bytes = binary && new Blob([data]).arrayBuffer(); // a copy: a script may reuse its buffer
    this.queue = this.queue.then(async () => {
      const entry = binary ? { type: "sent", bytes: await bytes } : { type: "sent", data: String(data) };
      if (this.watched) this.tellEntry(entry);
      this.show(entry);
    });
  }

  show(entry) {
    this.log.push(entry);
    this.logBytes += sizeOf(entry);
    while (this.log.length > MAX_LOG || (this.logBytes > MAX_LOG_BYTES && this.log.length > 1)) {
      this.logBytes -= sizeOf(this.log.shift());
      this.dropped += 1;
    }
    for (const view of this.views) view.append(entry);
    this.changed();
  }

  clear() {
    this.log = [];
    this.logBytes = this.dropped = 0;
    for (const view of this.views) view.trim();
  }

  tell(content, buffers = []) {
    try {
      this.model.send(content, undefined, buffers);
    } catch {
      // The kernel was restarted or shut down. The console stays, and says so.
      this.abandoned = true;
      queueMicrotask(() => this.carrier.lost());
      this.changed();
    }
  }

  changed() {
    if (this.watched && this.acting && this.told !== this.state) this.tellState();
    for (const view of this.views) view.update();
  }
}

/** Whether a script opens a connection of its own; one that does not is given one. */
function makesConnection(script) {
  return /\bnew\s+WebSocket\b/.test(script);
}

/** Whether the page is on the kernel's machine, so that 127.0.0.1 is the same for both. */
function isHere() {
  return !globalThis.wslabCarried && location.protocol.startsWith("http") && isLoopback(location.hostname);
}

function isLoopback(hostname) {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function sizeOf({ bytes, data }) {
  return bytes?.byteLength ?? data?.length ?? 0;
}

function toArrayBuffer(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

function hex(buffer, limit = 16) {
  const bytes = new Uint8Array(buffer);
  const shown = [...bytes.subarray(0, limit)].map((b) => b.toString(16).padStart(2, "0"));
  return shown.join(" ") + (bytes.length > limit ? " …" : "");
}

/** What console.log() was given, in words. */
function describe(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return String(value);
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength}) ${hex(value)}`;
  if (value instanceof Blob) return `Blob(${value.size})`;
  if (value instanceof CloseEvent)
    return `CloseEvent code=${value.code} reason=${JSON.stringify(value.reason)} wasClean=${value.wasClean}`;
  if (value instanceof Event) return `${value.constructor.name} ${value.type}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

// ---- the view's half ----

const STYLE = `
.wslab-console { --wslab-error: #b42318; }
/* JupyterLab's own red is too dark on its dark background. */
[data-jp-theme-light="false"] .wslab-console, .vscode-dark .wslab-console { --wslab-error: #ff8a80; }
.wslab-console { font: 13px/1.5 var(--jp-ui-font-family, sans-serif); padding: 8px;
  color: var(--jp-content-font-color1, inherit); border: 1px solid var(--jp-border-color1, #999);
  border-radius: 4px; display: flex; flex-direction: column; gap: 8px; max-width: 60em; }
.wslab-console .row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.wslab-console .state { font-weight: bold; min-width: 8em; }
.wslab-console .log { min-height: 6em; max-height: 20em; overflow: auto; padding: 4px 8px;
  font-family: var(--jp-code-font-family, monospace); white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--jp-layout-color1, #fff); border: 1px solid var(--jp-border-color2, #ccc); }
.wslab-console .error { color: var(--wslab-error); }
.wslab-console input, .wslab-console textarea, .wslab-console select { font: inherit;
  color: inherit; background: var(--jp-layout-color0, #fff);
  border: 1px solid var(--jp-border-color1, #999); border-radius: 3px; padding: 2px 4px; }
.wslab-console .editor { position: relative; }
.wslab-console .editor :is(textarea, pre) { width: 100%; box-sizing: border-box; margin: 0;
  font: 13px/1.5 var(--jp-code-font-family, monospace); padding: 4px 4px 2em; white-space: pre;
  tab-size: 8; border: 1px solid var(--jp-border-color1, #999); border-radius: 3px; }
/* The letters are those of the coloured copy behind; the text itself has caret and selection. */
.wslab-console .editor pre { position: absolute; inset: 0; overflow: hidden; border-color: transparent;
  color: inherit; background: var(--jp-layout-color0, #fff); }
.wslab-console .editor textarea { position: relative; display: block; background: transparent;
  -webkit-text-fill-color: transparent; caret-color: var(--jp-content-font-color1, black); }
.wslab-console .editor textarea::placeholder {
  -webkit-text-fill-color: var(--jp-content-font-color2, #666); }
.wslab-console .editor .comment { color: #5c6370; }
.wslab-console .editor .string { color: #a31515; }
.wslab-console .editor .keyword { color: #0000c0; }
.wslab-console .editor .number { color: #7a3e00; }
:is([data-jp-theme-light="false"], .vscode-dark) .wslab-console .editor .comment { color: #a5b0bc; }
:is([data-jp-theme-light="false"], .vscode-dark) .wslab-console .editor .string { color: #f0a988; }
:is([data-jp-theme-light="false"], .vscode-dark) .wslab-console .editor .keyword { color: #8ab4f8; }
:is([data-jp-theme-light="false"], .vscode-dark) .wslab-console .editor .number { color: #e5c07b; }
.wslab-console .wide { flex: 1 1 16em; }
.wslab-console canvas { display: block; max-width: 100%; }
`;

/** Make an element: attributes, then children (elements or words). */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const TOKENS = {
  comment: /\/\/.*|\/\*[^]*?\*\//,
  string: /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`/,
  keyword:
    /\b(?:async|await|break|case|catch|class|const|continue|else|extends|false|finally|for|function|if|in|instanceof|let|new|null|of|return|static|super|switch|this|throw|true|try|typeof|undefined|var|while)\b/,
  number: /\b\d[\w.]*/,
};
const TOKEN = new RegExp(
  Object.entries(TOKENS).map(([name, { source }]) => `(?<${name}>${source})`).join("|"),
  "g",
);

/** JavaScript in colours: strings and elements that together hold the same letters. */
function coloured(source) {
  const parts = [];
  let end = 0;
  for (const { 0: token, index, groups } of source.matchAll(TOKEN)) {
    const kind = Object.keys(TOKENS).find((name) => groups[name] !== undefined);
    parts.push(source.slice(end, index), make("span", { class: kind }, token));
    end = index + token.length;
  }
  return [...parts, source.slice(end)];
}

class View {
  constructor(client, el) {
    this.client = client;
    this.state = make("span", { class: "state", role: "status" });
    this.note = make("span");
    this.take = this.button("Act here instead", () => client.take(client.actor));
    this.log = make("div", {
      class: "log",
      role: "log",
      tabindex: 0,
      "aria-label": "Events of the browser's WebSocket",
    });
    const format = make(
      "select",
      { "aria-label": "Format of what you send" },
      ...["text", "JSON", "hex bytes"].map((name) => make("option", {}, name)),
    );
    const message = make("input", {
      class: "wide",
      type: "text",
      value: "Hello, server!",
      "aria-label": "Message to send",
    });
    const file = make("input", { type: "file" });
    file.addEventListener("change", () =>
      this.attempt(async () => {
        if (file.files[0]) client.send(await file.files[0].arrayBuffer());
        file.value = "";
      }),
    );
    const code = make("input", {
      type: "number",
      value: 1000,
      min: 1000,
      max: 4999,
      "aria-label": "Close code",
    });
    const reason = make("input", { type: "text", "aria-label": "Close reason" });
    this.binaryType = make(
      "select",
      { "aria-label": "binaryType: what a binary message becomes" },
      make("option", {}, "blob"),
      make("option", {}, "arraybuffer"),
    );
    this.binaryType.addEventListener("change", () => {
      client.binaryType = this.binaryType.value;
      if (client.socket) client.socket.binaryType = client.binaryType;
    });
    this.script = make("textarea", {
      rows: 10,
      wrap: "off",
      spellcheck: "false",
      "aria-label": "JavaScript to run in this page",
      placeholder: "// url, socket (open), WebSocket and console are yours to use\nsocket.send(\"hello\");",
    });
    this.copy = make("pre", { "aria-hidden": "true" });
    this.script.addEventListener("input", () => this.colour());
    this.script.addEventListener("scroll", () => this.follow());
    this.script.value = client.script;
    this.colour();
    this.details = make(
      "details",
      {},
      make("summary", {}, "JavaScript"),
      make("div", { class: "editor" }, this.copy, this.script),
      this.button("Run", () => client.run(this.script.value)),
    );
    this.details.open = client.script !== "";
    this.root = make(
      "div",
      { class: "wslab-console" },
      make("style", {}, STYLE),
      make(
        "div",
        { class: "row" },
        this.state,
        this.button("Connect", () => client.connect()),
        this.button("Close", () => client.close(Number(code.value), reason.value)),
        make("label", {}, "code ", code),
        make("label", {}, "reason ", reason),
        this.take,
        this.note,
      ),
      this.log,
      make(
        "form",
        {
          class: "row",
          onsubmit: (event) => {
            event.preventDefault();
            this.attempt(() => client.send(encode(format.value, message.value)));
          },
        },
        format,
        message,
        make("button", { type: "submit" }, "Send"),
      ),
      make("div", { class: "row" }, make("label", {}, "Send a file ", file), make("label", {}, "binaryType ", this.binaryType)),
      this.details,
    );
    this.controls = [...this.root.querySelectorAll("button, input, select, textarea")].filter(
      (control) => control !== this.take,
    );
    // Keys typed here are not commands to the notebook.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    el.append(this.root);
    for (const entry of client.log) this.append(entry);
    this.update();
  }

  button(words, action) {
    return make("button", { type: "button", onclick: () => this.attempt(action) }, words);
  }

  async attempt(action) {
    try {
      await action();
    } catch (exception) {
      this.client.console.error(exception);
    }
  }

  update() {
    this.state.textContent = this.client.state;
    this.binaryType.value = this.client.binaryType;
    const { looking } = this.client;
    for (const control of this.controls) control.disabled = looking;
    this.take.hidden = !looking;
    const notes = [];
    if (looking) notes.push("another tab acts; this one shows what happens there");
    if (this.client.dropped) notes.push(`${this.client.dropped} earlier lines are not shown any more`);
    if (this.client.abandoned)
      notes.push("the kernel that made this console is gone: run the cells again");
    if (!isHere()) notes.push(globalThis.wslabCarried ?? "carried by the notebook's channel");
    this.note.textContent = notes.join("; ");
    if (this.client.script && !this.script.value) {
      this.script.value = this.client.script;
      this.colour();
      this.details.open = true;
    }
  }

  /** Let the coloured copy have the letters of the program. */
  colour() {
    this.copy.replaceChildren(...coloured(this.script.value), "\n");
    this.follow();
  }

  /** Let it show the same part. */
  follow() {
    this.copy.scrollTop = this.script.scrollTop;
    this.copy.scrollLeft = this.script.scrollLeft;
  }

  /** Show no more lines than the log has. */
  trim() {
    while (this.log.childElementCount > this.client.log.length) this.log.firstElementChild.remove();
  }

  append({ type, data, data_type, code, reason, was_clean, bytes }) {
    const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 4;
    let words = type;
    if (type === "log") words = `› ${data}`;
    else if (type === "close")
      words = `close  code=${code} reason=${JSON.stringify(reason)} wasClean=${was_clean}`;
    else if (type === "sent")
      words = `sent  ${bytes ? `${bytes.byteLength} bytes ${hex(bytes)}` : JSON.stringify(data)}`;
    else if (bytes) words = `message  ${data_type}(${bytes.byteLength}) ${hex(bytes)}`;
    else if (type === "message") words = `message  ${JSON.stringify(data)}`;
    const trouble = type === "error" || data_type === "error";
    const line = make("div", trouble ? { class: "error" } : {}, words);
    if (type === "message" && bytes) draw(bytes, line);
    this.log.append(line);
    this.trim();
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }
}

/** Bytes, or a string, from what was typed. */
function encode(format, typed) {
  if (format === "text") return typed;
  if (format === "JSON") return JSON.stringify(JSON.parse(typed));
  const digits = typed.replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error("hex bytes look like this: 2a 00 ff");
  return new Uint8Array((digits.match(/../g) ?? []).map((pair) => parseInt(pair, 16))).buffer;
}

/** Draw a picture that came as bytes on a canvas. */
async function draw(bytes, parent) {
  const start = hex(bytes, 4);
  if (!["89 50 4e 47", "ff d8 ff", "47 49 46 38"].some((magic) => start.startsWith(magic))) return;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const label = `the picture that was received, ${bitmap.width} × ${bitmap.height}`;
    const canvas = make("canvas", {
      width: bitmap.width,
      height: bitmap.height,
      role: "img",
      "aria-label": label,
    });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    parent.append(canvas);
  } catch {
    // Not a picture after all: the line with its bytes is enough.
  }
}

export default () => {
  let client;
  return {
    initialize({ model }) {
      client = new Client(model);
      return () => client.dispose();
    },
    render({ el }) {
      const view = new View(client, el);
      client.views.add(view);
      client.start();
      return () => client.views.delete(view);
    },
  };
};
