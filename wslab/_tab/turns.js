// Turns of the worker's own event loop, given out in order. A message to oneself takes some 0.05 ms,
// setTimeout(…, 0) in a worker 4: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html
(() => {
  const due = [];
  const waiting = []; // what belongs to the kernel's event loop while that one stands still
  let held = 0;
  const next = () => due.shift()();
  let post;
  if (globalThis.setImmediate) {
    post = () => setImmediate(next); // Node, which lets a thousand messages go before a timer
  } else {
    const channel = new MessageChannel();
    channel.port1.onmessage = next;
    post = () => channel.port2.postMessage(null);
  }

  /** Call back in a turn of its own, after all that asked before. */
  function soon(callback) {
    due.push(callback);
    post();
  }

  /**
   * setTimeout() with one argument for the callback. One that is set where another has come, again and
   * again, takes 4 ms at least; where a message has come it takes what it is asked for.
   */
  function after(delay, callback, argument) {
    const timer = {};
    const set = () => {
      timer.id = setTimeout(callback, delay, argument);
    };
    if (delay >= 4) set();
    else soon(() => timer.cancelled || set());
    return timer;
  }

  /** Take back what after() has returned. */
  function cancel(timer) {
    timer.cancelled = true;
    clearTimeout(timer.id);
  }

  function unlessHeld(callback) {
    if (held) waiting.push(callback);
    else callback();
  }

  return {
    soon,
    after,
    cancel,
    /** The same for a callback of the kernel's event loop, after so many milliseconds. */
    schedule(callback, delay = 0) {
      if (delay > 0) after(delay, unlessHeld, callback);
      else soon(() => unlessHeld(callback));
    },
    /** The kernel's event loop stands still from here on. */
    hold() {
      held += 1;
    },
    /** It goes on, with what came due meanwhile first. */
    release() {
      held -= 1;
      if (!held) for (const callback of waiting.splice(0)) soon(() => unlessHeld(callback));
    },
    // What Pyodide asks every few bytecodes whether a signal has come. It has whenever a thread has
    // had the interpreter for an interval.
    clock: {
      signal: 0,
      interval: 5, // milliseconds
      next: 0,
      get 0() {
        const now = performance.now();
        if (now < this.next) return 0;
        this.next = now + this.interval;
        return this.signal;
      },
      set 0(ignored) {},
    },
  };
})();
