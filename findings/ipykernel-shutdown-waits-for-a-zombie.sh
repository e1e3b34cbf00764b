#!/usr/bin/env bash
# ipykernel: a kernel whose cell has started a program with Popen takes over 10 s (29 s here) to shut down, though the program dies at once: it waits for the zombie.
#
# Guess: it sends SIGTERM to its children, sees that they are gone, and ends within a second.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ipykernel==7.4.0 jupyter_client==8.10.0
cat > "$folder/try.py" <<'PYTHON'
import importlib.metadata
import time

from jupyter_client.manager import start_new_kernel

CELL = "import subprocess; child = subprocess.Popen(['sleep', '1000'])"


def seconds_to_end(cell):
    manager, client = start_new_kernel(kernel_name="python3")
    client.execute_interactive(cell, timeout=30)
    begin = time.monotonic()
    client.shutdown()
    while manager.is_alive() and time.monotonic() < begin + 60:
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    manager.shutdown_kernel(now=True)
    return seconds


print("ipykernel", importlib.metadata.version("ipykernel"))
without, with_child = seconds_to_end("1"), seconds_to_end(CELL)
print(f"without a child {without:.1f} s, with one {with_child:.1f} s")
assert without < 10 < with_child
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# ipykernel 7.4.0
# 1without a child 0.3 s, with one 29.2 s
