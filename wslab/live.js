// The browser's half of live.py: appends rows as they come. Everything from the wire is set as
// text, never as HTML.

const MAX_ROWS = 500;
const ARROWS = { client: "client → server", server: "client ← server", "": "✗" };

const STYLE = `
.wslab-live { font: 13px/1.5 var(--jp-ui-font-family, sans-serif); color: var(--jp-content-font-color1, inherit);
  border: 1px solid var(--jp-border-color1, #999); border-radius: 4px; }
.wslab-live header { display: flex; gap: 1em; align-items: center; padding: 4px 8px;
  border-bottom: 1px solid var(--jp-border-color1, #999); }
.wslab-live .log { max-height: 24em; overflow: auto; padding: 4px 8px;
  font-family: var(--jp-code-font-family, monospace); white-space: pre-wrap; overflow-wrap: anywhere; }
.wslab-live { --wslab-error: #b42318; }
[data-jp-theme-light="false"] .wslab-live, .vscode-dark .wslab-live { --wslab-error: #ff8a80; }
.wslab-live .trouble { color: var(--wslab-error); }
`;

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wslab-live";
  const style = document.createElement("style");
  style.textContent = STYLE;
  const header = document.createElement("header");
  const status = document.createElement("span");
  const pause = document.createElement("button");
  pause.type = "button";
  pause.textContent = "Pause";
  const log = document.createElement("div");
  log.className = "log";
  log.tabIndex = 0; // scrollable by keyboard
  log.setAttribute("role", "log");
  log.setAttribute("aria-label", "Frames as the server sees them");
  header.append(pause, status);
  root.append(style, header, log);
  el.append(root);

  const name = crypto.getRandomValues(new Uint32Array(4)).join("-"); // this view's
  let seen = 0;
  let waiting = []; // rows that came while paused
  let paused = false;

  function line(row) {
    const [connection, sender, what, content, size, problem] = row;
    const div = document.createElement("div");
    const parts = [`${connection}`, ARROWS[sender], what, content, size];
    if (problem) parts.push(`⚠ ${problem}`);
    if (problem || sender === "") div.className = "trouble";
    div.textContent = parts.filter(Boolean).join("  ");
    return div;
  }

  function append(rows) {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    log.append(...rows.slice(-MAX_ROWS).map(line));
    while (log.childElementCount > MAX_ROWS) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function showStatus() {
    const hidden = seen - log.childElementCount;
    status.textContent = `${seen} records` + (hidden > 0 ? `, ${hidden} not shown` : "");
  }

  function receive(message) {
    // What the kernel sends reaches the views in all tabs.
    if (message.to !== undefined && message.to !== name) return;
    if (message.reset) {
      seen = 0;
      waiting = [];
      log.replaceChildren();
    }
    seen += message.rows.length + message.skipped;
    if (paused) waiting = [...waiting, ...message.rows].slice(-MAX_ROWS);
    else append(message.rows);
    showStatus();
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) {
      append(waiting);
      waiting = [];
      showStatus();
    }
  });

  model.on("msg:custom", receive);
  model.send({ ready: name });
  showStatus();
  return () => model.off("msg:custom", receive);
}

export default { render };
