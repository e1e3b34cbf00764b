"""
Serve the site that ``make tab`` has built, on this machine only, and open it: ``make tab-serve``.

The browser keeps notebooks and progress by address, so the port is the same each time.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import sys
import webbrowser
from pathlib import Path


class _Handler(http.server.SimpleHTTPRequestHandler):
    # A machine's own table of types may say something else of these, which browsers refuse.
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }


def main() -> None:
    """Read the command line, and serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    handler = functools.partial(_Handler, directory=str(options.site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler)
    except OSError as error:
        sys.exit(f"no port {options.port} to be had ({error.strerror}): make tab-serve PORT=8001")
    with server:
        url = f"http://127.0.0.1:{server.server_port}/"
        print(f"the course is at {url} (Ctrl+C stops it)", flush=True)
        webbrowser.open(url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
