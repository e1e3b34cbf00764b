// The page's half of wslab/_tab/_page.py. The kernel is a Web Worker of this page, which JupyterLite
// gives one message after the other: those of widgets wait for all cells that are queued, and the
// interrupt button does nothing. Here both get a way of their own.

(() => {
  // The console's connections cannot reach a server in a tab by the network; browser.js reads this.
  globalThis.wslabCarried = "carried to the kernel in this tab; framing is done by Python";

  const channel = new BroadcastChannel("wslab");

  /** What of a message can go to another thread. */
  const plain = ({ header, parent_header, metadata, content, buffers }) => ({
    ...{ header, parent_header, metadata, content },
    buffers: (buffers ?? []).map((buffer) =>
      ArrayBuffer.isView(buffer)
        ? buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
        : buffer,
    ),
  });

  /** Change how all of JupyterLab's connections to kernels send, by what they inherit. */
  function change(connection) {
    const shared = Object.getPrototypeOf(connection);
    const { _sendMessage } = shared;
    shared._sendMessage = function (message, queue) {
      // By both ways: a kernel that does not listen here gets it too, one that does takes it once.
      if (message.header.msg_type === "comm_msg")
        channel.postMessage({ op: "comm", ...plain(message) });
      return _sendMessage.call(this, message, queue);
    };
    shared.interrupt = async function () {
      channel.postMessage({ op: "interrupt", session: this.clientId });
    };
  }

  // JupyterLab has no event for a script that is not one of its extensions.
  const looking = setInterval(() => {
    const kernel = globalThis.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
    if (!kernel) return;
    clearInterval(looking);
    change(kernel);
  }, 20);
})();
