#!/usr/bin/env bash
# ipykernel: in asyncio's debug mode (PYTHONASYNCIODEBUG=1, or PYTHONDEVMODE=1) a kernel does not end when asked to: jupyter_client kills it after 2.5 s, and atexit's functions do not run.
#
# Guess: it ends as without, within a second, after what atexit has registered.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ipykernel==7.4.0 jupyter_client==8.10.0 tornado==6.6.1
cat > "$folder/try.py" <<'PYTHON'
import importlib.metadata
import os
import pathlib
import tempfile
import time

from jupyter_client.manager import start_new_kernel

CELL = "import atexit, pathlib; _ = atexit.register(pathlib.Path({!r}).write_text, 'ended')"


def shut_down(folder, name, **environment):
    """Start a kernel, shut it down; return the seconds, whether atexit ran, the kernel's error."""
    marker, log = pathlib.Path(folder, name), pathlib.Path(folder, name + ".log")
    with log.open("w") as stderr:
        manager, client = start_new_kernel(
            startup_timeout=120, kernel_name="python3", env=os.environ | environment, stderr=stderr
        )
        client.execute_interactive(CELL.format(str(marker)), timeout=60)
        client.stop_channels()
        begin = time.monotonic()
        manager.shutdown_kernel()
        took = time.monotonic() - begin
    errors = [line for line in log.read_text().splitlines() if line.startswith("RuntimeError")]
    return took, marker.exists(), errors[:1]


for name in ("ipykernel", "jupyter_client", "tornado"):
    print(name, importlib.metadata.version(name), end="  ")
print()
with tempfile.TemporaryDirectory() as folder:
    seen = {
        "as usual": shut_down(folder, "usual"),
        "PYTHONASYNCIODEBUG": shut_down(folder, "debug", PYTHONASYNCIODEBUG="1"),
        "PYTHONDEVMODE": shut_down(folder, "dev", PYTHONDEVMODE="1"),
    }
for name, (took, ended, errors) in seen.items():
    print(f"{name}: {took:.1f} s, atexit ran: {ended}", *errors)
assert [ended for _, ended, _ in seen.values()] == [True, False, False]
assert min(seen["PYTHONASYNCIODEBUG"][0], seen["PYTHONDEVMODE"][0]) > 2.4
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# ipykernel 7.4.0  jupyter_client 8.10.0  tornado 6.6.1
# as usual: 2.1 s, atexit ran: True
# PYTHONASYNCIODEBUG: 2.6 s, atexit ran: False RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one
# PYTHONDEVMODE: 2.7 s, atexit ran: False RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one
