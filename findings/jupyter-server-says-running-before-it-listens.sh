#!/usr/bin/env bash
# jupyter_server: it prints 'is running at http://…' before it listens, so who waits for that line may be refused.
#
# Guess: the line comes when the port is open: that is what a launcher waits for.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jupyter_server==2.21.1
cat > "$folder/try.py" <<'PYTHON'
import importlib.metadata
import os
import re
import socket
import subprocess
import sys

ENVIRONMENT = os.environ | {"JUPYTER_NO_CONFIG": "1", "PYTHONUNBUFFERED": "1"}
COMMAND = [sys.executable, "-m", "jupyter_server", "--allow-root", "--ip=127.0.0.1", "--port=0"]


def is_refused():
    """Connect as soon as it says where it is running; return whether that is refused."""
    process = subprocess.Popen(
        COMMAND, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                try:
                    socket.create_connection(("127.0.0.1", int(found[1])), timeout=5).close()
                except ConnectionRefusedError:
                    return True
                return False
        raise AssertionError("it did not say")
    finally:
        process.kill()
        process.wait()


print("jupyter_server", importlib.metadata.version("jupyter_server"))
refused = [is_refused() for _ in range(5)]
print("refused right after its line:", refused)
assert any(refused)
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# jupyter_server 2.21.1
# refused right after its line: [True, True, True, True, True]
